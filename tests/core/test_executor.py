"""Per-video work on clusters: the same bytes, work of killed workers done again, and what must be shared is checked."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.core import store
from stages.core.digests import ROOT
from stages.core.errors import UserError
from stages.core.executor import results

NAMES = [f"video{number}" for number in range(12)]


def make(fatal: Path | None, name: str, folder: Path) -> store.Note:
    """An item whose bytes follow from its name; the first worker that takes video5 is killed in it."""
    if name == "video5" and fatal is not None and not fatal.exists():
        fatal.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    np.save(folder / f"{name}.npy", np.random.default_rng(int(name[5:])).random((50, 4)))
    return {"rows": 50}


def filled(folder: Path, fatal: Path | None = None) -> dict[str, bytes]:
    store.fill(folder, dict.fromkeys(NAMES, "x"), partial(make, fatal), params={}, code="v1", jobs=2)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed (requirements-cluster.txt)"
    )
    with distributed.LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None) as found:
        yield found


def test_dask_gives_the_same_bytes_though_a_worker_is_killed(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    here = filled(tmp_path / "here")
    monkeypatch.setenv("EXECUTOR", "dask")
    monkeypatch.setenv("SCHEDULER", cluster.scheduler_address)
    fatal = tmp_path / "killed"
    assert filled(tmp_path / "there", fatal) == here
    assert fatal.exists()
    assert not (tmp_path / "there" / store.SCRATCH).exists()


def test_errors_of_single_items_come_back_from_dask(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("EXECUTOR", "dask")
    monkeypatch.setenv("SCHEDULER", cluster.scheduler_address)
    with pytest.raises(UserError, match=r"video3: is damaged.*the other items are kept"):
        store.fill(tmp_path / "s", dict.fromkeys(NAMES, "x"), damaged, params={}, code="v1")
    assert sorted(store.read_keys(tmp_path / "s")) == sorted({*NAMES} - {"video3"})


def damaged(name: str, folder: Path) -> store.Note:
    if name == "video3":
        raise UserError("video3: is damaged; replace it")
    return make(None, name, folder)


def test_workers_elsewhere_are_noticed_before_work_starts(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers of a cluster see what lies on disk, and not what is opened under this process's own name for it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("EXECUTOR", "dask")
    monkeypatch.setenv("SCHEDULER", cluster.scheduler_address)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    mine = Path(f"/proc/self/fd/{descriptor}")  # a path that every process resolves for itself
    monkeypatch.setattr(Path, "resolve", lambda self, strict=False: self)
    with pytest.raises(UserError, match=r"is not seen by (\d) of \1 workers .*mount under the same path"):
        list(results([partial(int, "1")], mine, 1))
    assert not list(tmp_path.iterdir())


def test_ray_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
    monkeypatch.chdir(ROOT)
    here = filled(tmp_path / "here")
    monkeypatch.setenv("EXECUTOR", "ray")
    monkeypatch.setenv("SCHEDULER", "local")  # Ray starts a cluster of its own
    assert filled(tmp_path / "there") == here
    assert not ray.is_initialized()


@pytest.mark.parametrize(
    ("executor", "scheduler", "sentence"),
    [
        ("slurm", "", "EXECUTOR=slurm: there is no such executor; set one of loky, dask, ray"),
        ("dask", "", "SCHEDULER is not set"),
        ("dask", "nonsense", "SCHEDULER=nonsense: no dask scheduler answers there"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    executor: str, scheduler: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (requirements-cluster.txt)")
    monkeypatch.setenv("EXECUTOR", executor)
    monkeypatch.setenv("SCHEDULER", scheduler)
    with pytest.raises(UserError, match=sentence):
        filled(tmp_path / "s")
