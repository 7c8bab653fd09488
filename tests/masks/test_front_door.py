from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.core.store import fill
from stages.landmarks.landmarker import Landmarker, find_landmarks
from stages.landmarks.schemes import IBUG68, JD106, convert
from stages.masks.__main__ import Params, build_masks
from stages.masks.drawing import Mode, draw_masks
from stages.networks.hrnet import landmark_hrnet
from tests.cards import landmark_card


def landmarker(points: int = 106) -> Landmarker:
    torch.manual_seed(0)
    return Landmarker(landmark_hrnet(points, 2).eval(), JD106, 64, "parabola")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two trials of three faces and one of none, and a network."""
    faces = np.random.default_rng(0).integers(0, 256, (2, 3, 112, 112, 3), np.uint8)
    arrays = {"a": faces[0], "b": faces[1], "c": faces[0][:0]}

    def make(name: str, folder: Path) -> None:
        np.save(folder / f"{name}.npy", arrays[name])

    fill(tmp_path / "data/frames", dict.fromkeys(arrays, "1"), make, params={}, code="", jobs=1)
    net = landmarker()
    (tmp_path / "models/landmarks").mkdir(parents=True)
    save_model(tmp_path / "models/landmarks", net.model.state_dict(), landmark_card(net))
    return tmp_path


def params(*modes: Mode, scheme: str | None = None) -> Params:
    return Params(modes=list(modes), scheme=scheme, batch=2, seed=1, threads=1)


def test_rows_are_those_of_the_faces(root: Path) -> None:
    build_masks(params("lines", "filled"), root)
    faces = np.load(root / "data/frames/b.npy")
    points = np.load(root / "data/landmarks/b.npy")
    np.testing.assert_allclose(points, find_landmarks(landmarker(), faces, batch=2), atol=1e-4)
    for mode in ("lines", "filled"):
        masks = np.load(root / "data/masks" / mode / "b.npy")
        np.testing.assert_array_equal(masks, draw_masks(points, JD106, mode))
        assert np.load(root / "data/masks" / mode / "c.npy").shape == (0, 112, 112)
    assert json.loads((root / "metrics/masks.json").read_text()) == {
        "trials": 3,
        "faces": 6,
        "scheme": "jd106",
    }
    assert cv2.imread(str(root / "metrics/masks.png")).shape == (4 * 224, 2 * 224, 3)


def test_the_mode_is_recorded_and_other_modes_go(root: Path) -> None:
    build_masks(params("lines", "filled"), root)
    build_masks(params("filled"), root)
    assert [path.name for path in (root / "data/masks").iterdir()] == ["filled"]
    keys = json.loads((root / "data/masks/filled/keys.json").read_text())
    assert keys["a"]["note"] == {"mode": "filled", "scheme": "jd106"}


def test_finished_work_is_not_done_again(root: Path) -> None:
    build_masks(params("lines"), root)
    kept = root / "data/landmarks/a.npy", root / "data/masks/lines/a.npy"
    before = [path.stat().st_mtime_ns for path in kept]
    build_masks(params("lines"), root)
    assert [path.stat().st_mtime_ns for path in kept] == before


def test_masks_may_be_drawn_from_the_68_points(root: Path) -> None:
    build_masks(params("lines", scheme="ibug68"), root)
    points = np.load(root / "data/landmarks/a.npy")
    expected = draw_masks(convert(points, JD106, IBUG68), IBUG68, "lines")
    np.testing.assert_array_equal(np.load(root / "data/masks/lines/a.npy"), expected)


def test_a_scheme_that_cannot_be_had_and_a_missing_model(root: Path) -> None:
    with pytest.raises(UserError, match="jd106 cannot be read as wflw98"):
        build_masks(params("lines", scheme="wflw98"), root)
    (root / "models/landmarks/card.json").unlink()
    with pytest.raises(UserError, match="run the stage that trains this model first"):
        build_masks(params("lines"), root)
