"""The checks on a project of one stage, through Git and DVC themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repro import check, lock

SAME = "open('out.txt', 'w').write(open('params.yaml').read())"
OTHER = "import time; open('out.txt', 'w').write(str(time.time_ns()))"
FIGURE = "open('metrics/toy.json', 'w').write('{\"au\": 0.5}')"
DVC_YAML = """
stages:
  toy:
    cmd: python stage.py
    deps: [stage.py]
    params: [scale]
    outs: [out.txt]
    metrics:
      - metrics/toy.json: {cache: false}
"""


def shell(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def stale(project: Path) -> list[str]:
    return [stage for stage, _ in lock.stale(project)]


def commit(project: Path) -> None:
    shell(project, "git", "add", "--all")
    shell(project, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "state")


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its first run, everything committed."""
    root = tmp_path_factory.mktemp("reproduced")
    (root / "metrics").mkdir(parents=True)
    (root / "dvc.yaml").write_text(DVC_YAML)
    (root / "params.yaml").write_text("# what to run\nscale: demo\nthreads: 2\n")
    (root / "stage.py").write_text(f"{SAME}\n{FIGURE}\n")
    shell(root, "git", "init", "-q")
    shell(root, sys.executable, "-m", "dvc", "init", "-q")
    check.repro(root)
    commit(root)
    return root


@pytest.fixture
def project(reproduced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reproduced, tmp_path / "project"))


def test_a_repeatable_stage_passes(project: Path, tmp_path: Path) -> None:
    assert check.smoke(project, tmp_path / "runs") == []
    assert "scale: smoke" in (tmp_path / "runs" / "first" / "out.txt").read_text()
    assert "scale: demo" in (project / "params.yaml").read_text()
    assert check.demo(project, tmp_path / "runs") == []
    assert stale(project) == []


def test_a_stage_that_is_not_repeatable_fails(project: Path, tmp_path: Path) -> None:
    (project / "stage.py").write_text(f"{OTHER}\n{FIGURE}\n")
    commit(project)
    assert check.smoke(project, tmp_path / "runs") == [
        "dvc.lock: differs between the two runs",
        "out.txt: differs between the two runs",
    ]
    assert stale(project) == ["toy"]  # the code is committed, its lock is not


def test_a_committed_figure_that_is_not_true_fails(project: Path, tmp_path: Path) -> None:
    (project / "metrics" / "toy.json").write_text('{"au": 0.9}')
    commit(project)
    assert check.demo(project, tmp_path / "runs") == [
        "metrics/toy.json:au: 0.9 committed, 0.5 again, tolerance 0.05"
    ]
    assert stale(project) == ["toy"]


def test_the_lock_of_a_clone_without_data_is_true(project: Path, tmp_path: Path) -> None:
    copy = check.clone(project, tmp_path / "clone")
    assert not (copy / "out.txt").exists()
    assert stale(copy) == []
    (copy / "stage.py").write_text(f"{SAME}\n{FIGURE}  # changed\n")
    assert stale(copy) == ["toy"]
