"""The committed pipeline at smoke scale, run by DVC in a clone, as its users run it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from stages.core.labels import AU_LOGITS, AU_NAMES
from tests.shell import dvc, run, started

INHERIT_LR = ("jin2021-visual",)  # runs whose block has no rate of its own at this scale
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


def test_a_second_repro_does_nothing(project: Path) -> None:
    assert started(dvc(project, "repro")) == []


def test_every_metric_is_there(project: Path) -> None:
    shown = json.loads(dvc(project, "metrics", "show", "--json"))
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
    smoothed = pd.read_parquet(project / f"data/{final}/all.parquet")
    video, expected = _whole_video(project, smoothed)
    run(project, sys.executable, "-m", "stages.predict", str(video), "--out", str(tmp_path), *options)
    rows = pd.read_parquet(tmp_path / f"{video.stem}.parquet").set_index("frame").loc[expected["frame"]]
    probabilities = 1 / (1 + np.exp(-expected[list(AU_LOGITS)].to_numpy()))
    np.testing.assert_allclose(rows[list(AU_NAMES)].to_numpy(), probabilities, atol=1e-3)


def test_a_trained_network_is_packed_for_newcomers(project: Path, tmp_path: Path) -> None:
    """As models/ready was made: small, in half precision, and what it says of its film is beside it."""
    out = tmp_path / "ready"
    pack = f"from pathlib import Path; from repro.ready import pack; pack('jin2021', 'visual', Path({str(out)!r}))"
    run(project, sys.executable, "-c", pack)
    said = pd.read_parquet(out / "sample.parquet")
    assert said[list(AU_NAMES)].notna().all(axis=None) and len(said) > 10
    weights = load_file(out / "models/jin2021/visual/epoch_02.safetensors")
    assert {tensor.dtype for tensor in weights.values()} <= {torch.float16, torch.int64}
    assert "| AU |" in (out / "README.md").read_text()


def test_a_learning_rate_runs_fine_tuning_and_what_follows(project: Path) -> None:
    ran = started(dvc(project, "exp", "run", "-S", "lr=0.01"))
    assert {*(f"finetune@{run}" for run in INHERIT_LR), *BEHIND_THEM} <= set(ran)
    assert not {stage.split("@")[0] for stage in ran} & OTHERS
    changed = json.loads(dvc(project, "metrics", "diff", "--json"))
    assert changed["metrics/jin2021.json"]


def _whole_video(project: Path, smoothed: pd.DataFrame) -> tuple[Path, pd.DataFrame]:
    """A validation video of one person all of whose faces have predictions: smoothing then sees the same."""
    videos = pd.read_parquet(project / "data/index/videos.parquet").set_index("trial")
    for trial, rows in smoothed.groupby("trial"):
        faces = pd.read_parquet(project / f"data/frames/{trial}.parquet")
        if videos.loc[trial, "side"] == "" and faces["frame"].tolist() == rows["frame"].tolist():
            return project / "data/synthetic" / str(videos.loc[trial, "source"]), rows
    raise AssertionError("no such video in the drawn corpus")
