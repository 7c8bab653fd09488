from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from repro.heal import LOCK, READERS, heal
from tests.shell import dvc, run

STAGE = """  {0}:
    cmd: echo {0} > {0}
    deps:
    - input
    outs:
    - {0}:
        desc: one word
"""
STAGES = "".join(STAGE.format(name) for name in "abc")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three stages that have run."""
    run(tmp_path, "git", "init", "-q")
    dvc(tmp_path, "init", "-q")
    (tmp_path / "input").touch()
    (tmp_path / "dvc.yaml").write_text(f"stages:\n{STAGES}")
    dvc(tmp_path, "repro", "-q")
    return tmp_path


def test_a_lock_cut_off_anywhere_keeps_its_whole_stages(project: Path) -> None:
    text = (project / LOCK).read_text()
    stages = YAML(typ="safe").load(text)["stages"]
    for cut in range(1, len(text), 5):
        (project / LOCK).write_text(text[:cut])
        heal(project)
        kept = (YAML(typ="safe").load((project / LOCK).read_text()) or {}).get("stages") or {}
        ends = [text.find(f"\n  {name}:") for name in ("b", "c")]
        assert [*kept][: sum(cut > end + 1 for end in ends)] == [*"abc"][: sum(cut > end + 1 for end in ends)]
        assert all(kept[name] == stages[name] for name in [*kept][:-1])


def test_dvc_goes_on_where_it_refused(project: Path) -> None:
    text = (project / LOCK).read_text()
    (project / LOCK).write_text(text[: text.index("  c:") + 40].rpartition(":")[0] + ":\n    - path:\n")
    (project / READERS).write_text('{"a": {"wri')
    with pytest.raises(AssertionError):
        dvc(project, "repro")
    assert [line.split(":")[0] for line in heal(project)] == [str(READERS), str(LOCK)]
    assert "Running stage" not in dvc(project, "repro")  # what c left is found in the cache
    assert (project / LOCK).read_text() == text
    assert heal(project) == []
