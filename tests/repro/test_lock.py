from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repro.lock import orphans, outdated

ONE = """\
stages:
  one:
    cmd: echo 1 > one
    outs: [one]
"""
TWO = """\
  two:
    cmd: echo 2 > two
    outs: [two]
"""


def dvc(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=folder, check=True, capture_output=True)


def test_stages_that_changed_and_stages_that_are_gone_are_named(tmp_path: Path) -> None:
    dvc(tmp_path, "init", "--no-scm", "-q")
    (tmp_path / "dvc.yaml").write_text(ONE + TWO)
    dvc(tmp_path, "repro")
    assert outdated(tmp_path) == [] and orphans(tmp_path) == []
    (tmp_path / "dvc.yaml").write_text(ONE.replace("echo 1", "echo 3"))
    assert outdated(tmp_path) == ["one"] and orphans(tmp_path) == ["two"]
