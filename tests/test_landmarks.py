from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from stages.errors import UserError
from stages.landmarks import Params, build_landmarks
from stages.learning.landmarking import load_landmarker
from stages.networks.hrnet import landmark_hrnet


@pytest.fixture
def stills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight noisy faces of four people, one held out."""
    monkeypatch.chdir(tmp_path)  # training states are kept in the working folder
    rng, folder = np.random.default_rng(0), tmp_path / "stills"
    folder.mkdir()
    np.save(folder / "images.npy", rng.integers(0, 256, (8, 112, 112, 3), np.uint8))
    np.save(folder / "points.npy", rng.uniform(10, 100, (8, 106, 2)).astype(np.float32))
    people = [f"person-{number // 2}" for number in range(8)]
    pd.DataFrame({"identity": people, "split": ["train"] * 6 + ["validation"] * 2}).to_parquet(
        folder / "labels.parquet"
    )
    return folder


def params(stills: Path, **changed: object) -> Params:
    values = {
        "stills": stills, "weights": None, "scheme": "jd106", "width": 2, "input_size": 64, "sigma": 1.5,
        "refinement": "quarter", "rotation": 30, "scaling": 0.25, "epochs": 1, "batch": 4,
        "lr": 1e-3, "milestones": [30, 50], "milestones_of": 60, "seed": 1, "threads": 1,
    }  # fmt: skip
    return Params(**values | changed)


def test_a_network_is_trained_scored_and_kept(stills: Path, tmp_path: Path) -> None:
    build_landmarks(params(stills), tmp_path / "model", tmp_path / "metrics")
    landmarker = load_landmarker(tmp_path / "model")
    assert (landmarker.input_size, landmarker.scheme.name) == (64, "jd106")
    scores = json.loads((tmp_path / "metrics/landmarks.json").read_text())
    assert scores["faces"] == 2 and 0 < scores["nme"]["median"] < 10
    curve = pd.read_csv(tmp_path / "metrics/landmarks.csv")
    assert curve["nme"].tolist() == pytest.approx([scores["nme"]["mean"]], abs=1e-4)
    assert cv2.imread(str(tmp_path / "metrics/landmarks.png")).shape == (224, 6 * 224, 3)
    assert not list((tmp_path / ".state").iterdir())


def test_training_twice_gives_the_same_bytes(stills: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        build_landmarks(params(stills), tmp_path / name, tmp_path / f"{name}-metrics")
    for file in ("model.safetensors", "card.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(("scheme", "points"), [("wflw98", 98), ("insightface106", 106)])
def test_given_weights_are_kept_and_measured(stills: Path, tmp_path: Path, scheme: str, points: int) -> None:
    torch.manual_seed(0)
    published = landmark_hrnet(points).state_dict()
    save_file(
        {f"module.{name}": tensor.contiguous() for name, tensor in published.items()},
        tmp_path / "w.safetensors",
    )
    chosen = params(stills, weights=tmp_path / "w.safetensors", scheme=scheme)
    build_landmarks(chosen, tmp_path / "model", tmp_path / "metrics")
    torch.testing.assert_close(load_file(tmp_path / "model/model.safetensors"), dict(published))
    card = json.loads((tmp_path / "model/card.json").read_text())
    assert card["weights"] == {"matched": 1839, "missing": 0, "unexpected": 0}
    network = {"scheme": scheme, "width": 18, "input_size": 256, "refinement": "quarter"}
    assert card["network"] == network  # whatever the scale asks for
    assert pd.read_csv(tmp_path / "metrics/landmarks.csv").empty


def test_weights_with_other_points_are_refused(stills: Path, tmp_path: Path) -> None:
    save_file(dict(landmark_hrnet(98).state_dict()), tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r"w\.safetensors.*head\.3\.weight"):
        build_landmarks(params(stills, weights=tmp_path / "w.safetensors"), tmp_path / "model", tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"scheme": "wflw98"}, r"landmarks\.scheme: the landmark stills are in jd106"),
        ({"scheme": "jd107"}, r"'jd107' is unknown"),
        ({"weights": Path("models/published/none.pth")}, r"none\.pth: no such file"),
    ],
)
def test_settings_that_cannot_be(stills: Path, changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        build_landmarks(params(stills, **changed), stills / "model", stills)


def test_stills_without_points_or_held_out_people(stills: Path) -> None:
    labels = pd.read_parquet(stills / "labels.parquet")
    labels.assign(split="train").to_parquet(stills / "labels.parquet")
    with pytest.raises(UserError, match="split validation is empty"):
        build_landmarks(params(stills), stills / "model", stills)
    (stills / "points.npy").unlink()
    with pytest.raises(UserError, match=r"points\.npy: missing"):
        build_landmarks(params(stills), stills / "model", stills)
