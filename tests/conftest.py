"""What all tests share: how they are spread over cores, and one run of the whole pipeline at smoke scale."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process a core

import shutil
from pathlib import Path

import pytest

from repro.check import clone, repro, set_params
from tests.shell import run

ROOT = Path(__file__).parents[1]
COMMIT = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-qm", "smoke")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files stay together, and so do the tests of the whole pipeline, which come first: they take longest."""
    for item in items:
        group = "pipeline" if item.get_closest_marker("pipeline") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which `dvc repro` has run at smoke scale; not to be changed.

    SMOKE_RUN names one that is there already, as `python -m repro.check --keep` leaves it.
    """
    if "SMOKE_RUN" in os.environ:
        return Path(os.environ["SMOKE_RUN"])
    folder = clone(ROOT, tmp_path_factory.mktemp("pipeline") / "clone")
    set_params(folder, scale="smoke", threads=1)
    repro(folder)
    return folder


@pytest.fixture(scope="module")
def project(smoke_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the smoke run for the tests of a module, its results committed."""
    folder = Path(shutil.copytree(smoke_run, tmp_path_factory.mktemp("project") / "clone", symlinks=True))
    run(folder, "git", "add", "--all")
    run(folder, *COMMIT)
    return folder
