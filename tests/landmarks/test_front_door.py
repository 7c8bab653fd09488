from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from stages.core.errors import UserError
from stages.landmarks.__main__ import Params, build_landmarks
from stages.landmarks.landmarker import load_landmarker
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


def params(stills: Path, **changed: Any) -> Params:
    values: dict[str, Any] = {
        "stills": stills, "weights": None, "scheme": "jd106", "width": 2, "modules": [1, 1, 1],
        "blocks": 1, "input_size": 64, "sigma": 1.5,
        "refinement": "quarter", "rotation": 30, "scaling": 0.25, "augment": {"grey": 0.2},
        "epochs": 1, "batch": 4, "lr": 1e-3,
        "milestones": [30, 50], "seed": 1, "threads": 1,
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
    picture = cv2.imread(str(tmp_path / "metrics/landmarks.png"))
    assert picture is not None and picture.shape == (224, 6 * 224, 3)
    assert not list((tmp_path / ".state").iterdir())


def test_training_twice_gives_the_same_bytes(stills: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        build_landmarks(params(stills), tmp_path / name, tmp_path / f"{name}-metrics")
    for file in ("model.safetensors", "card.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def published(points: int) -> dict[str, torch.Tensor]:
    """Tensors of a published file, random values; tests/networks/test_hrnet.py pins names and shapes."""
    torch.manual_seed(0)
    return dict(landmark_hrnet(points).state_dict())


def write_flat(path: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save(state, path)


def write_safetensors(path: Path, state: dict[str, torch.Tensor]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)


def write_checkpoint(path: Path, state: dict[str, torch.Tensor]) -> None:
    """As a training under DataParallel saves it."""
    wrapped = OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())
    torch.save({"epoch": 60, "best_nme": 0.04, "state_dict": wrapped}, path)


@pytest.mark.parametrize(
    ("asked", "points", "found", "write"),
    [
        ("jd106", 98, "wflw98", write_flat),  # HR18-WFLW.pth: one key is enough
        ("jd106", 106, "jd106", write_checkpoint),
        ("insightface106", 106, "insightface106", write_safetensors),
    ],
)
def test_given_weights_are_kept_and_measured(
    stills: Path, tmp_path: Path, asked: str, points: int, found: str, write: Callable[..., None]
) -> None:
    state = published(points)
    write(tmp_path / "w", state)
    chosen = params(stills, weights=tmp_path / "w", scheme=asked)
    build_landmarks(chosen, tmp_path / "model", tmp_path / "metrics")
    torch.testing.assert_close(load_file(tmp_path / "model/model.safetensors"), state)
    card = json.loads((tmp_path / "model/card.json").read_text())
    assert card["weights"] == {"matched": 1839, "missing": 0, "unexpected": 0}
    size = {"width": 18, "modules": [1, 4, 3], "blocks": 4, "input_size": 256}
    network = {"scheme": found, **size, "refinement": "quarter"}
    assert card["network"] == network  # whatever the scale asks for
    assert pd.read_csv(tmp_path / "metrics/landmarks.csv").empty


def test_weights_that_do_not_fit_are_refused(stills: Path, tmp_path: Path) -> None:
    other, part = published(97), published(98)
    del part["stage4.2.fuse_layers.0.3.0.weight"]
    for name, state, said in (("other", other, r"head\.3\.weight"), ("part", part, r"1 missing \(stage4\.2")):
        torch.save(state, tmp_path / name)
        with pytest.raises(UserError, match=rf"{name}: .*{said}"):
            build_landmarks(params(stills, weights=tmp_path / name), tmp_path / "model", tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"scheme": "wflw98"}, r"landmarks\.scheme: the landmark stills are in jd106"),
        ({"scheme": "jd107"}, r"'jd107' is unknown"),
        ({"weights": Path("models/published/none.pth")}, r"none\.pth: there is no such weight file"),
    ],
)
def test_settings_that_cannot_be(stills: Path, changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        build_landmarks(params(stills, **changed), stills / "model", stills)


@pytest.mark.parametrize("change", [{"flip": 0.5}, {"crop": 0.9}, {"rotate": 5.0}], ids=str)
def test_augmentation_that_would_leave_the_points_behind_is_refused(
    stills: Path, change: dict[str, float]
) -> None:
    with pytest.raises(ValidationError, match="set rotation and scaling"):
        params(stills, augment=change)


def test_stills_without_points_or_held_out_people(stills: Path) -> None:
    labels = pd.read_parquet(stills / "labels.parquet")
    labels.assign(split="train").to_parquet(stills / "labels.parquet")
    with pytest.raises(UserError, match="split validation is empty"):
        build_landmarks(params(stills), stills / "model", stills)
    (stills / "points.npy").unlink()
    with pytest.raises(UserError, match=r"points\.npy: missing"):
        build_landmarks(params(stills), stills / "model", stills)
