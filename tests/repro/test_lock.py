from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repro.lock import orphans, stale

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
CHAIN = """\
stages:
  first:
    cmd: sh code.sh
    deps: [code.sh]
    outs: [first]
  second:
    cmd: cp first second
    deps: [first]
    outs: [second]
  other:
    cmd: echo 3 > other
    outs: [other]
"""


def dvc(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=folder, check=True, capture_output=True)


def names(folder: Path) -> list[str]:
    return [stage for stage, _ in stale(folder)]


def test_stages_that_changed_and_stages_that_are_gone_are_named(tmp_path: Path) -> None:
    dvc(tmp_path, "init", "--no-scm", "-q")
    (tmp_path / "dvc.yaml").write_text(ONE + TWO)
    dvc(tmp_path, "repro")
    assert names(tmp_path) == [] and orphans(tmp_path) == []
    (tmp_path / "dvc.yaml").write_text(ONE.replace("echo 1", "echo 3"))
    assert names(tmp_path) == ["one"] and orphans(tmp_path) == ["two"]


def test_without_data_a_change_is_followed_to_all_that_read_from_it(tmp_path: Path) -> None:
    dvc(tmp_path, "init", "--no-scm", "-q")
    (tmp_path / "code.sh").write_text("echo 1 > first\n")
    (tmp_path / "dvc.yaml").write_text(CHAIN)
    dvc(tmp_path, "repro")
    for name in ("first", "second", "other"):
        (tmp_path / name).unlink()
    assert names(tmp_path) == []
    (tmp_path / "code.sh").write_text("echo 2 > first\n")
    assert dict(stale(tmp_path)) == {"first": "code.sh changed", "second": "first is"}
