"""Outs that DVC links to its cache, whose files are read-only: stages replace them, and never write into one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.digests import ROOT
from tests.cached import check_cache
from tests.shell import dvc, started

STAGE = f"""\
import shutil
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from stages.core.runtime import atomic_dir, atomic_path, link
from stages.core.store import fill

said = Path("said.txt").read_text()

def make(name, folder):
    (folder / f"{{name}}.npy").write_text(f"{{name}} {{said if name == 'b' else ''}}")

fill(Path("kept/inner"), {{"a": "a", "b": said, said: "c"}}, make, params={{}}, code="", jobs=1)
with atomic_path(Path("kept/table.csv")) as beside:
    beside.write_text(said)
Path("state").mkdir()
Path("state/epoch_01.safetensors").write_text(said)
with atomic_dir(Path("model")) as folder:
    link("state/epoch_01.safetensors", folder / "epoch_01.safetensors")
shutil.rmtree("state")
"""
PIPELINE = """\
stages:
  make:
    cmd: python stage.py
    deps: [said.txt, stage.py]
    outs:
      - kept:
          persist: true
      - model
"""


def contents(project: Path) -> dict[str, str]:
    files = [path for out in ("kept", "model") for path in (project / out).rglob("*") if path.is_file()]
    return {path.relative_to(project).as_posix(): path.read_text() for path in files}


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_a_stage_that_runs_again_leaves_the_cache_as_it_was(tmp_path: Path, kind: str) -> None:
    dvc(tmp_path, "init", "--no-scm", "-q")
    dvc(tmp_path, "config", "cache.type", kind)
    (tmp_path / "stage.py").write_text(STAGE)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    left: dict[str, dict[str, str]] = {}
    for said in ("first", "second"):
        (tmp_path / "said.txt").write_text(said)
        assert started(dvc(tmp_path, "repro")) == ["make"]
        left[said] = contents(tmp_path)
        assert left[said]["kept/inner/b.npy"] == f"b {said}" and f"kept/inner/{said}.npy" in left[said]
        kept, model = tmp_path / "kept/inner/a.npy", tmp_path / "model/epoch_01.safetensors"
        for file in (kept, model):
            assert file.is_symlink() if kind == "symlink" else file.stat().st_nlink > 1
        check_cache(tmp_path)
    assert "kept/inner/first.npy" not in left["second"]
    (tmp_path / "said.txt").write_text("first")
    dvc(tmp_path, "repro")
    assert contents(tmp_path) == left["first"]


def test_the_project_links_where_the_file_system_can() -> None:
    assert dvc(ROOT, "config", "cache.type").strip() == "reflink,hardlink,symlink"
