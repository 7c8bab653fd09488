"""The committed pipeline at smoke scale, run by DVC in a clone, as its users run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repro.check import clone, repro, set_params
from stages.core.labels import AU_LOGITS, AU_NAMES

ROOT = Path(__file__).parents[1]
INHERIT_LR = ("jin2021-visual", "jiang2022-units")  # runs whose block has no rate of its own
BEHIND_THEM = ("embed@jin2021-visual", "audio@jin2021-audio", "sequence@jin2021-sequence", "combine")
OTHERS = {
    "synthesize",
    "index",
    "frames",
    "landmarks",
    "masks",
    "mel",
    "extra",
    "pretrain",
    "specialise",
    "clips",
}

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which `dvc repro` has run at smoke scale, with its results committed.

    SMOKE_RUN names one that is there already, as `python -m repro.check --keep` leaves it.
    """
    if "SMOKE_RUN" in os.environ:
        folder = Path(shutil.copytree(os.environ["SMOKE_RUN"], tmp_path_factory.mktemp("pipeline") / "clone"))
    else:
        folder = clone(ROOT, tmp_path_factory.mktemp("pipeline") / "clone")
        set_params(folder, scale="smoke", threads=1)
        repro(folder)
    _run(folder, "git", "add", "--all")
    _run(folder, "git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-qm", "smoke")
    return folder


def test_a_second_repro_does_nothing(project: Path) -> None:
    assert _started(_dvc(project, "repro")) == []


def test_every_metric_is_there(project: Path) -> None:
    shown = json.loads(_dvc(project, "metrics", "show", "--json"))
    figures = shown[""]["data"] if "" in shown else shown["workspace"]["data"]
    compared = figures["metrics/compare.json"]["data"]["jin2021"]
    assert list(compared)[:6] == ["majority", "visual", "audio", "sequence", "ensemble", "smooth"]
    final = figures["metrics/jin2021.json"]["data"]
    assert set(final["au"]["per_unit"]) == set(AU_NAMES)
    assert final["au"]["score"] == pytest.approx((final["au"]["f1"] + final["au"]["accuracy"]) / 2, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "final"), [((), "combined"), (("--system", "wang2021"), "smooth/wang2021")], ids=str
)
def test_own_video_gets_what_the_pipeline_predicted(
    project: Path, tmp_path: Path, options: tuple[str, ...], final: str
) -> None:
    smoothed = pd.read_parquet(project / f"data/{final}.parquet")
    video, expected = _whole_video(project, smoothed)
    _run(project, sys.executable, "-m", "stages.predict", str(video), "--out", str(tmp_path), *options)
    rows = pd.read_parquet(tmp_path / f"{video.stem}.parquet").set_index("frame").loc[expected["frame"]]
    probabilities = 1 / (1 + np.exp(-expected[list(AU_LOGITS)].to_numpy()))
    np.testing.assert_allclose(rows[list(AU_NAMES)].to_numpy(), probabilities, atol=1e-3)


def test_a_learning_rate_runs_fine_tuning_and_what_follows(project: Path) -> None:
    started = _started(_dvc(project, "exp", "run", "-S", "lr=0.01"))
    assert {*(f"finetune@{run}" for run in INHERIT_LR), *BEHIND_THEM} <= set(started)
    assert not {stage.split("@")[0] for stage in started} & OTHERS
    changed = json.loads(_dvc(project, "metrics", "diff", "--json"))
    assert changed["metrics/jin2021.json"]


def _whole_video(project: Path, smoothed: pd.DataFrame) -> tuple[Path, pd.DataFrame]:
    """A validation video of one person all of whose faces have predictions: smoothing then sees the same."""
    videos = pd.read_parquet(project / "data/index/videos.parquet").set_index("trial")
    for trial, rows in smoothed.groupby("trial"):
        faces = pd.read_parquet(project / f"data/frames/{trial}.parquet")
        if videos.loc[trial, "side"] == "" and faces["frame"].tolist() == rows["frame"].tolist():
            return project / "data/synthetic" / str(videos.loc[trial, "source"]), rows
    raise AssertionError("no such video in the drawn corpus")


def _started(printed: str) -> list[str]:
    return [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")]


def _dvc(folder: Path, *words: str) -> str:
    return _run(folder, sys.executable, "-m", "dvc", *words)


def _run(folder: Path, *command: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_"))}
    env = {**inherited, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
