"""A system trained on noise, run on one clip: the same numbers as the pipeline's own predictions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from stages import audio, sequence
from stages.corpora.labels import PREDICTION_COLUMNS
from stages.errors import UserError
from stages.learning.candidates import Candidate
from stages.learning.inference import NAME, Clip, System, predict_clip, read_system
from stages.learning.scoring import UNITS
from stages.media.mel import open_track
from tests.test_training_stages import STEPS, train
from tests.world import build_world

CPU = torch.device("cpu")
FORWARDS = {"audio": audio.forward, "sequence": sequence.forward}
VALUES = list(PREDICTION_COLUMNS[2:])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build_world(folder)
        for step in STEPS:
            train(step)
    return folder


def system(root: Path, widths: dict[str, int] | None = None, **units: tuple[str, str]) -> System:
    """Every unit from the first epoch of the visual step, but for those named."""
    chosen = {unit: Candidate("x", *units.get(unit, ("visual", "epoch_01"))) for unit in UNITS}
    return System(root / "models", chosen, dict.fromkeys(UNITS, 1) | (widths or {}))


def clip(root: Path, trial: str, folder: Path) -> Clip:
    """What extraction would make of a video that is this trial."""
    folder.mkdir(exist_ok=True)
    for suffix in ("npy", "parquet"):
        shutil.copy(root / f"data/frames/{trial}.{suffix}", folder / f"{NAME}.{suffix}")
    mels = root / "data/mel/jin2021"
    return Clip(folder, {"jin2021": open_track(mels, pd.read_parquet(mels / "index.parquet"), trial)})


@pytest.mark.parametrize("trial", ["v1", "v2"])  # v2 has no sound
@pytest.mark.parametrize("step", STEPS.values())
def test_the_pipelines_own_predictions(root: Path, tmp_path: Path, step: str, trial: str) -> None:
    chosen = system(root, **dict.fromkeys(UNITS, (step, "epoch_02")))
    found = predict_clip(chosen, clip(root, trial, tmp_path), FORWARDS, CPU)
    pipeline = pd.read_parquet(root / f"data/predictions/x/{step}/epoch_02.parquet")
    wanted = pipeline[pipeline["trial"] == trial].reset_index(drop=True)
    assert tuple(found.columns) == PREDICTION_COLUMNS
    assert found["frame"].tolist() == wanted["frame"].tolist()
    np.testing.assert_allclose(found[VALUES], wanted[VALUES], atol=1e-4)


def test_each_unit_from_its_checkpoint(root: Path, tmp_path: Path) -> None:
    chosen = system(root, AU1=("audio", "epoch_02"), EXPR=("sequence", "epoch_01"))
    found = predict_clip(chosen, clip(root, "v1", tmp_path), FORWARDS, CPU)
    sources = {
        "logit_AU1": "audio/epoch_02",
        "logit_Fear": "sequence/epoch_01",
        "logit_AU2": "visual/epoch_01",
    }
    for column, source in sources.items():
        table = pd.read_parquet(root / f"data/predictions/x/{source}.parquet").query("trial == 'v1'")
        np.testing.assert_allclose(found[column], table[column], atol=1e-4)


def test_smoothing_is_applied_and_stops_at_gaps(root: Path, tmp_path: Path) -> None:
    plain = predict_clip(system(root), clip(root, "v1", tmp_path / "a"), FORWARDS, CPU)
    smoothed = predict_clip(system(root, {"AU4": 3}), clip(root, "v1", tmp_path / "b"), FORWARDS, CPU)
    value, wanted = (table.set_index("frame")["logit_AU4"] for table in (smoothed, plain))
    assert value[5] == pytest.approx(wanted[[4, 5, 6]].mean(), abs=1e-5)
    assert value[9] == pytest.approx(wanted[[8, 9]].mean(), abs=1e-5)  # 10 to 13 have no face
    pd.testing.assert_series_equal(smoothed["logit_AU1"], plain["logit_AU1"])


@pytest.mark.parametrize("step", STEPS.values())
def test_a_single_face(root: Path, tmp_path: Path, step: str) -> None:
    one = clip(root, "v1", tmp_path)
    np.save(tmp_path / f"{NAME}.npy", np.load(tmp_path / f"{NAME}.npy")[:1])
    pd.read_parquet(tmp_path / f"{NAME}.parquet").iloc[:1].to_parquet(tmp_path / f"{NAME}.parquet")
    found = predict_clip(system(root, **dict.fromkeys(UNITS, (step, "epoch_01"))), one, FORWARDS, CPU)
    assert len(found) == 1 and found[VALUES].notna().all(axis=None)


def test_front_ends_are_those_of_the_chosen_steps(root: Path) -> None:
    assert system(root).front_ends() == set()
    assert system(root, AU1=("sequence", "epoch_01")).front_ends() == {"jin2021"}


def test_a_system_is_read_back_or_its_absence_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dvc repro smooth@y.*trained systems: none"):
        read_system(tmp_path, "y")
    for path, content in (
        ("ensemble/x/selection.json", {"AU1": {"system": "x", "step": "audio", "checkpoint": "epoch_02"}}),
        ("smooth/x/widths.json", {"AU1": 5}),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(json.dumps(content))
    found = read_system(tmp_path, "x")
    assert found.chosen == {"AU1": Candidate("x", "audio", "epoch_02")} and found.widths == {"AU1": 5}
    with pytest.raises(UserError, match=r"models|selection\.json: missing.*trained systems: x"):
        read_system(tmp_path, "y")
