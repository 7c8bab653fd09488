"""Writes are whole or absent; user errors are one sentence and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.core.runtime import atomic_dir, atomic_path, link, log, main, readers, setup_torch, workers


def test_atomic_path_replaces_and_never_writes_into_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    (tmp_path / "linked").hardlink_to(target)
    with atomic_path(target) as beside:
        beside.write_text("new")
    assert target.read_text() == "new"
    assert (tmp_path / "linked").read_text() == "old"


def test_a_name_as_long_as_there_are_is_written_too(tmp_path: Path) -> None:
    target = tmp_path / ("日" * 80 + ".parquet")
    with atomic_path(target) as beside:
        beside.write_text("new")
    assert list(tmp_path.iterdir()) == [target]


def test_brackets_in_a_name_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    log.print("[/x] [bold]a.mp4 :smile:")
    assert capsys.readouterr().err == "[/x] [bold]a.mp4 :smile:\n"


def test_a_link_is_the_same_file_and_a_copy_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("told")
    link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").samefile(tmp_path / "b")

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    link(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "c").read_text() == "told" and not (tmp_path / "a").samefile(tmp_path / "c")


@pytest.mark.parametrize(("cores", "threads"), [("1", 0), ("2", 1), ("4", 3), ("64", 4)])
def test_one_core_is_left_to_the_network(monkeypatch: pytest.MonkeyPatch, cores: str, threads: int) -> None:
    monkeypatch.setenv("WORKERS", cores)
    assert readers() == threads


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.txt") as beside:
        beside.write_text("half")
        raise RuntimeError
    with pytest.raises(RuntimeError), atomic_dir(tmp_path / "folder") as beside:
        (beside / "x").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_atomic_dir_takes_the_place_of_the_old_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stale").write_text("")
    with atomic_dir(tmp_path / "out") as beside:
        (beside / "fresh").write_text("")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fresh"]


def test_user_error_is_one_sentence_and_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        raise UserError("clip.mp4 is truncated; copy it again")

    with pytest.raises(SystemExit) as stopped:
        main(run)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: clip.mp4 is truncated; copy it again\n"


def test_torch_is_seeded_and_deterministic() -> None:
    import torch

    draws = []
    for _ in range(2):
        setup_torch(threads=1, seed=7)
        draws.append(torch.rand(3))
    assert torch.equal(*draws)
    assert torch.are_deterministic_algorithms_enabled()


def test_workers_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "3")
    assert workers() == 3
