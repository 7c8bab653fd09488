"""Published weights in place of a trained system, and the landmarks that masks want."""

from __future__ import annotations

from pathlib import Path

import cv2
import pandas as pd
import pytest
import torch

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.predict.films import Look, predict, published, trained
from stages.scoring.tables.labelled import UNITS
from stages.training.trained import Models
from tests.predict.saved import SEARCH, astronaut, save_step, save_system

KNOWN = ["AU1", "AU2", "AU4", "AU6", "AU12", "AU15", "AU25"]


def test_published_weights_without_any_training(
    silent: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What TSAV knows is there, what it does not know is empty; without landmarks its masks are black."""
    places = {tmp_path / "out": published(weights, tmp_path / "models")}
    predict(silent, places, Look(SEARCH, overlay=True))
    told = " ".join(capsys.readouterr().err.split())
    assert "344" in told and "no landmark network" in told and "dvc repro landmarks" in told
    rows = pd.read_parquet(tmp_path / "out/clip.parquet")
    seen = rows["x0"].notna()
    assert rows.loc[seen, [*KNOWN, "AU20", *EXPRESSIONS, *VA_NAMES]].notna().all(axis=None)
    assert rows.loc[seen, "AU1"].nunique() > 1
    unknown = [name for name in AU_NAMES if name not in KNOWN]
    assert rows[unknown].isna().all(axis=None) and rows[~seen].drop(columns=["frame", "time"]).isna().all(
        axis=None
    )
    units = [line.split(",") for line in (tmp_path / "out/AU_Set/clip.txt").read_text().splitlines()]
    assert units[0] == list(AU_NAMES) and len(units) == 13
    for line, face in zip(units[1:], seen, strict=True):
        known = {name for name, value in zip(AU_NAMES, line, strict=True) if value != "-1"}
        assert known == (set(KNOWN) if face else set())
    assert (tmp_path / "out/clip.overlay.mp4").is_file()


def test_published_weights_see_masks(models: Path, weights: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "astronaut.png"), astronaut()[..., ::-1])
    for name, root in (("with", models), ("without", tmp_path / "models")):
        predict(tmp_path / "astronaut.png", {tmp_path / name: published(weights, root)}, Look(SEARCH))
    drawn, black = (pd.read_parquet(tmp_path / f"{name}/astronaut.parquet") for name in ("with", "without"))
    assert (drawn[KNOWN] - black[KNOWN]).abs().to_numpy().max() > 1e-5


def test_another_file_in_place_of_published_weights_is_told(tmp_path: Path) -> None:
    torch.save({"state_dict": {"fc.weight": torch.zeros(2, 2)}}, tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"other\.pth") as caught:
        published(tmp_path / "other.pth", tmp_path / "models")
    assert "\n" not in str(caught.value)


def test_a_trained_clips_model_needs_landmarks(silent: Path, tmp_path: Path) -> None:
    """Masks that it was trained with and that cannot be drawn are an error, not black."""
    save_step(tmp_path / "models", "one", "clips")
    save_system(tmp_path / "models", "one", dict.fromkeys(UNITS, "clips"), {})
    with pytest.raises(UserError, match=r"landmarks/card\.json: missing"):
        one = trained("one", Models(tmp_path / "models", torch.device("cpu")))
        predict(silent, {tmp_path / "out": one}, Look(SEARCH))
