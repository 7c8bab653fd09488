"""Training under launchers: several processes train as one does, one of them writes, and one that dies ends all."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stages.core.digests import ROOT
from tests.training import test_stages as stages
from tests.training.launched import train
from tests.world import TRIALS

STEPS = ["visual", "audio", "sequence", "gru", "teacher"]
# How far several processes may be from one after two epochs: mean difference of the outputs, a share of their spread.
# Gradients are averaged over the whole batch, and without batch norm that is all (VA's loss, a correlation, is each
# process's own). Batch norm sees a process's part: of noise, 16 or 8 images in place of 32.
NEAR = {"audio": 0.001, "gru": 0.001, "sequence": 0.001, "visual": 0.3, "teacher": 0.5}
ENV = {"ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world with all that is trained in it, by one process."""
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        stages.build_world(root)
        (root / "data/masks/filled").mkdir(parents=True)
        for trial in TRIALS:
            masks = np.load(root / f"data/frames/{trial}.npy")[..., 0]
            np.save(root / f"data/masks/filled/{trial}.npy", masks)
        for step in STEPS:
            train(step)
            if step == "visual":
                stages.embed_faces()
    return root


@pytest.fixture
def copied(world: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world, tmp_path / "copy"))


def torchrun(count: int, *words: str) -> list[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count)]
    return [*launcher, "--master-port", str(free_port()), "-m", "tests.training.launched", *words]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, command: list[str], **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | ENV | env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[str], within: float = 240) -> str:
    told, _ = process.communicate(timeout=within)
    assert process.returncode == 0, told[-3000:]
    return told


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def assert_alike(one: Path, many: Path, step: str) -> None:
    """Predictions within the tolerance and unlike those of the first epoch; the same files, nothing left over."""
    early, first = (outputs(one, step, epoch) for epoch in (1, 2))
    again = outputs(many, step, 2)
    assert np.abs(again - first).mean() < NEAR[step] * first.std()
    assert np.abs(first - early).mean() > 0, "it trains"
    assert files(many) == files(one)


def outputs(folder: Path, step: str, epoch: int) -> NDArray[np.float64]:
    """What an epoch predicts [N, 21]."""
    table = pd.read_parquet(folder / f"data/predictions/x/{step}/epoch_{epoch:02}.parquet")
    return table.drop(columns=["trial", "frame"]).to_numpy(np.float64)


@pytest.mark.parametrize("step", STEPS)
def test_two_processes_train_as_one_does(world: Path, copied: Path, step: str) -> None:
    told = finish(start(copied, torchrun(2, step)))
    assert told.count("done") == 2
    assert told.count("epoch 2/2") == 1, "the first process alone reports"
    assert_alike(world, copied, step)


def test_four_processes_train_as_one_does(world: Path, copied: Path) -> None:
    finish(start(copied, torchrun(4, "visual")))
    assert_alike(world, copied, "visual")


def test_srun_is_understood(world: Path, copied: Path) -> None:
    """Two tasks of a job with what srun gives each: the environment alone tells Lightning Fabric."""
    job = {
        "SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2",
        "SLURM_NNODES": "1", "SLURM_NODEID": "0", "SLURM_JOB_NODELIST": "127.0.0.1", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()), "NUM_NODES": "1", "DEVICES": "2",
        "STRATEGY": "ddp_find_unused_parameters_true",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.training.launched", "visual"]
    ranks = [{"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)} for rank in range(2)]
    tasks = [start(copied, command, **job, **rank) for rank in ranks]
    told = [finish(task) for task in tasks]
    assert sum("epoch 2/2" in each for each in told) == 1
    assert_alike(world, copied, "visual")


def test_a_process_that_is_killed_ends_all_and_a_restart_goes_on(world: Path, copied: Path) -> None:
    before = files(copied / "models")
    launcher = start(copied, torchrun(2, "visual", "40"))
    wait_for(lambda: list(copied.glob(".state/*/last.pt")))
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    began = time.monotonic()
    told, _ = launcher.communicate(timeout=60)
    assert launcher.returncode != 0 and "SIGKILL" in told
    assert time.monotonic() - began < 45
    assert files(copied / "models") == before, "nothing is published of a run that is not whole"
    again = finish(start(copied, torchrun(2, "visual", "40")))
    assert "resumed after epoch" in again
    assert len(pd.read_csv(copied / "metrics/x/visual.csv")) == 40
    assert not list((copied / ".state").iterdir())


def wait_for(there: object, within: float = 120) -> None:
    began = time.monotonic()
    while not there():  # type: ignore[operator]
        assert time.monotonic() - began < within
        time.sleep(0.05)
