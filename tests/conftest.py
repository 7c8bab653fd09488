"""What the tests of the whole pipeline share: one run of it at smoke scale."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from repro.check import clone, repro, set_params
from tests.shell import run

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which `dvc repro` has run at smoke scale, with its results committed; not to be changed.

    SMOKE_RUN names one that is there already, as `python -m repro.check --keep` leaves it.
    """
    if "SMOKE_RUN" in os.environ:
        folder = Path(os.environ["SMOKE_RUN"])
    else:
        folder = clone(ROOT, tmp_path_factory.mktemp("pipeline") / "clone")
        set_params(folder, scale="smoke", threads=1)
        repro(folder)
    if run(folder, "git", "status", "--porcelain"):
        run(folder, "git", "add", "--all")
        run(
            folder, "git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-qm", "smoke"
        )
    return folder


@pytest.fixture(scope="module")
def project(smoke_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the smoke run for the tests of a module."""
    return Path(shutil.copytree(smoke_run, tmp_path_factory.mktemp("project") / "clone", symlinks=True))
