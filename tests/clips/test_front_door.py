"""Front door clips on a corpus of noise, as DVC would run it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.clips import model as clips
from stages.clips.augment import ClipAugment
from stages.core.card import read_card
from stages.core.errors import UserError
from stages.core.files import write_parquet
from stages.core.labels import PREDICTION_COLUMNS
from stages.networks.tsav import TSAV, TSAV_UNITS
from stages.training import checkpoints, step
from stages.training.checkpoints import outs_of
from stages.training.footage import read_split
from stages.training.step import train_step
from stages.training.trained import Models
from tests.killing import check_resumes, contents
from tests.world import FRAMES, GAP, TRIALS, build_world

PARAMS: dict[str, Any] = {
    "seed": 1, "threads": 1, "system": "x", "weights": None, "width": 0.25, "frames": 2,
    "dilation": 3, "input_size": 16,
    "mask": "filled", "front_end": "jin2021", "mel_rows": 101, "mel_steps": 16, "tasks": ("AU", "EXPR", "VA"),
    "extra": True,
    "batch": 8, "batches": 3, "epochs": 2, "optimizer": "adam", "lr": 1e-3, "schedule": "constant", "hide": 0.5,
    "teacher": True, "decay": 0.99, "consistency": 0.4, "ramp_up": 5,
    "augment": ClipAugment(flip=0.5, hue=10, saturation=25, value=20, brightness=0.2), "predict_stride": 4,
}  # fmt: skip
STEPS = {"teacher": True, "supervised": False}


def train(step: str, **changes: Any) -> None:
    params = clips.Params(**{**PARAMS, "step": step, "teacher": STEPS[step], **changes})
    train_step(clips, params, outs_of("x", step))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        build_world(root)
        (root / "data/masks/filled").mkdir(parents=True)
        for trial in TRIALS:
            masks = np.load(root / f"data/frames/{trial}.npy")[..., 0]
            np.save(root / f"data/masks/filled/{trial}.npy", masks)
        for step in STEPS:
            train(step)
    return root


@pytest.fixture
def copied(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("step", STEPS)
def test_predictions_of_each_epoch_cover_all_validation_faces(world: Path, step: str) -> None:
    for epoch in ("epoch_01", "epoch_02"):
        table = pd.read_parquet(world / f"data/predictions/x/{step}/{epoch}.parquet")
        assert tuple(table.columns) == PREDICTION_COLUMNS
        wanted = [number for number in range(1, FRAMES + 1) if number not in GAP]
        for trial in ("v1", "v2"):
            assert table.loc[table["trial"].eq(trial), "frame"].tolist() == wanted
        assert table.notna().all(axis=None)


@pytest.mark.parametrize("step", STEPS)
def test_a_saved_model_predicts_what_was_published(
    world: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The teacher of the teacher's run, the student of the other: weights and predictions belong together."""
    monkeypatch.chdir(world)
    models = Models(Path("models"), torch.device("cpu"))
    model, card = models.load(Path("models/x", step), "epoch_02")
    assert (card.kind, card.step, card.mask) == ("clips", step, "filled")
    table = pd.read_parquet("data/index/frames.parquet")
    found = clips.predict(model, card, read_split(table, "validation", models, Path(".state")))
    expected = pd.read_parquet(f"data/predictions/x/{step}/epoch_02.parquet")
    pd.testing.assert_frame_equal(found, expected)


def test_the_curve_tells_consistency_of_the_teacher_alone(world: Path) -> None:
    curves = {step: pd.read_csv(world / f"metrics/x/{step}.csv") for step in STEPS}
    assert "consistency" in curves["teacher"] and "consistency" not in curves["supervised"]
    assert len(curves["teacher"]) == 2


def test_without_consistency_the_student_learns_as_if_alone(copied: Path) -> None:
    """The control of the mean teacher: its teacher is the average of the supervised model, of nothing else."""
    alone, taught = (pd.read_csv(f"metrics/x/{step}.csv")["loss"] for step in ("supervised", "teacher"))
    train("teacher", consistency=0.0)
    control = pd.read_csv("metrics/x/teacher.csv")["loss"]
    assert control.tolist() == alone.tolist() != taught.tolist()
    average, student = (pd.read_parquet(f"data/predictions/x/{step}/epoch_02.parquet") for step in STEPS)
    assert not average.equals(student)


@pytest.mark.parametrize("step", STEPS)
def test_killed_and_started_again_ends_in_the_same_bytes(
    copied: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Also shows that two runs in two folders give the same bytes."""
    check_resumes(lambda: train(step), checkpoints.outs_of("x", step), 2, monkeypatch)


GLANCED: dict[str, Any] = {"epochs": 3, "keep": 1, "validate_stride": 7}


def test_epochs_are_glanced_at_and_those_that_stay_predict_all_faces(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores are of every seventh face; what is published is whole, of its own weights, and never copied."""
    looked: list[pd.DataFrame] = []

    def note(path: Path, table: pd.DataFrame) -> None:
        if path.parent.name == "predictions":  # of an epoch; what is whole goes elsewhere
            looked.append(table)
        write_parquet(path, table)

    monkeypatch.setattr(checkpoints, "write_parquet", note)
    monkeypatch.setattr(shutil, "copyfile", _refuse)
    train("supervised", **GLANCED)
    wanted = [number for number in range(1, FRAMES + 1) if number not in GAP]
    seventh = sorted({*wanted[::7], wanted[-1]})
    assert len(looked) == 3
    for table in looked:
        assert table.loc[table["trial"].eq("v1"), "frame"].tolist() == seventh
    found = sorted(path.stem for path in Path("data/predictions/x/supervised").glob("*.parquet"))
    assert found == sorted(path.stem for path in Path("models/x/supervised").glob("*.safetensors"))
    models = Models(Path("models"), torch.device("cpu"))
    assert read_card(Path("models/x/supervised")).chosen in found
    for epoch in found:
        model, card = models.load(Path("models/x/supervised"), epoch)
        table = pd.read_parquet("data/index/frames.parquet")
        expected = clips.predict(model, card, read_split(table, "validation", models, Path(".state")))
        pd.testing.assert_frame_equal(
            pd.read_parquet(f"data/predictions/x/supervised/{epoch}.parquet"), expected
        )
        assert expected.loc[expected["trial"].eq("v1"), "frame"].tolist() == wanted


def _refuse(*_: Any) -> None:
    raise AssertionError("a file was copied")


def test_killed_where_what_stays_is_predicted_and_started_again_ends_in_the_same_bytes(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = list(vars(outs_of("x", "teacher")).values())
    train("teacher", **GLANCED)
    whole = contents(outs)
    with monkeypatch.context() as killed:
        killed.setattr(checkpoints, "predict_whole", dies_behind(checkpoints.predict_whole))
        killed.setattr(step, "predict_whole", checkpoints.predict_whole)
        with pytest.raises(KeyboardInterrupt):
            train("teacher", **GLANCED)
    assert list(Path(".state").glob("*/whole/*"))
    train("teacher", **GLANCED)
    assert contents(outs) == whole and not list(Path(".state").iterdir())


def dies_behind(call: Callable[..., None]) -> Callable[..., None]:
    """A call behind which the process ends, half of what it wrote lost."""

    def dying(state: Path, *rest: Any) -> None:
        call(state, *rest)
        max((state / "whole").iterdir()).unlink()
        raise KeyboardInterrupt

    return dying


def test_training_ends_when_an_epoch_brings_nothing(copied: Path) -> None:
    train("supervised", epochs=8, patience=1, batches=2, lr=0.02)
    scores = pd.read_csv("metrics/x/supervised.csv")["overall"].tolist()
    assert len(scores) < 8, "of random labels no run of eight gets better each time"
    assert all(after > before for before, after in pairwise(scores[:-1]))
    assert scores[-1] <= scores[-2]


def test_masks_reach_the_network_unless_there_are_none(copied: Path) -> None:
    shutil.rmtree("data/masks")
    with pytest.raises(UserError, match=r"data/masks/filled: no such file or folder"):
        train("supervised", epochs=1)
    train("supervised", epochs=1, mask="none")
    assert read_card(Path("models/x/supervised")).mask == "none"


def test_published_weights_are_the_start_whatever_the_width(copied: Path) -> None:
    torch.manual_seed(0)
    published = TSAV(TSAV_UNITS).state_dict()
    torch.save({"state_dict": published}, "tsav.pth")
    params = clips.Params(**{**PARAMS, "step": "x", "teacher": False, "weights": Path("tsav.pth")})
    card = clips.describe(params)
    model = clips.build(card, params)
    assert card.width == 1.0
    stem = "video_model.r2plus1d.stem.0.weight"
    assert torch.equal(model.state_dict()[stem], published[stem])
