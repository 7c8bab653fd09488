from __future__ import annotations

from pathlib import Path

import pytest

from stages.core import resume
from stages.core.errors import UserError


def test_another_parameter_input_or_line_of_code_is_another_run() -> None:
    first = resume.state_dir("finetune", {"lr": 0.1}, "data", "code")
    assert first == resume.state_dir("finetune", {"lr": 0.1}, "data", "code")
    others = [({"lr": 0.2}, "data", "code"), ({"lr": 0.1}, "other", "code"), ({"lr": 0.1}, "data", "other")]
    assert first not in [resume.state_dir("finetune", *other) for other in others]


def test_the_code_of_a_stage_is_that_of_the_networks_that_it_finds_by_name_too() -> None:
    assert len({resume.stage_code("finetune", *names) for names in ((), ("iresnet",), ("vggface2",))}) == 3


def test_a_folder_is_known_by_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"1")
    first = resume.data_digest([tmp_path])
    (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    assert resume.data_digest([tmp_path]) != first


def test_a_store_is_known_by_its_keys(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    first = resume.data_digest([tmp_path])
    (tmp_path / "video.npy").write_bytes(b"1")
    assert resume.data_digest([tmp_path]) == first


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.npy"):
        resume.data_digest([tmp_path / "none.npy"])


def test_state_is_kept_after_a_failure_and_removed_after_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "ROOT", tmp_path)
    with pytest.raises(RuntimeError), resume.resumable("finetune", {}, "", "") as folder:
        (folder / "last.pt").write_text("x")
        raise RuntimeError
    assert (folder / "last.pt").exists()
    with resume.resumable("finetune", {}, "", "") as again:
        assert again == folder
    assert not folder.exists()
