from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.landmarks.heatmaps import gaussian_heatmaps
from stages.landmarks.landmarker import (
    Landmarker,
    find_landmarks,
    from_heatmap,
    input_matrix,
    load_landmarker,
    nme,
    normalise,
    resize,
    summarise,
    to_heatmap,
)
from stages.landmarks.schemes import JD106, WFLW98, WFLW_TO_IBUG68, scheme
from stages.networks.hrnet import landmark_hrnet
from tests.cards import landmark_card


def random_points(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 120, (count, 106, 2)).astype(np.float32)


@pytest.mark.parametrize("size", [64, 96, 256])
def test_points_return_from_the_heatmap(size: int) -> None:
    points = random_points()
    there = to_heatmap(points, input_matrix(size))
    np.testing.assert_allclose(from_heatmap(there, size), points, atol=1e-3)
    assert (there > -1).all() and (there < size / 4).all()  # an eighth of padding holds them


@pytest.mark.parametrize("size", [64, 280])
def test_the_input_is_the_padded_crop_resized(size: int) -> None:
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8), (0, 0), 4)
    padded = cv2.copyMakeBorder(image, 14, 14, 14, 14, cv2.BORDER_REPLICATE)
    expected = cv2.resize(padded, (size, size), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(resize(image[None], size)[0].astype(int), expected.astype(int), atol=2)


def test_a_dot_is_where_its_coordinates_say() -> None:
    image = np.zeros((1, 112, 112, 3), np.uint8)
    image[0, 30, 80] = 255
    resized = resize(image, 280)[0, ..., 0].astype(float)
    rows, columns = np.nonzero(resized)
    centre = [
        np.average(columns, weights=resized[rows, columns]),
        np.average(rows, weights=resized[rows, columns]),
    ]
    heatmap = to_heatmap(np.array([80.0, 30.0], np.float32), input_matrix(280))
    np.testing.assert_allclose((heatmap + 0.5) * 4 - 0.5, centre, atol=0.05)


def test_normalisation_is_imagenets() -> None:
    images = np.zeros((1, 4, 4, 3), np.uint8)
    images[..., 0] = 255
    values = normalise(images)[0, :, 0, 0]
    torch.testing.assert_close(values, torch.tensor([0.515 / 0.229, -0.456 / 0.224, -0.406 / 0.225]))


class Oracle(torch.nn.Module):
    """Answers with the heatmaps of given points, batch after batch."""

    def __init__(self, points: np.ndarray, size: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.points, self.size, self.done = torch.from_numpy(to_heatmap(points, input_matrix(size))), size, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        chosen = self.points[self.done : self.done + len(images)]
        self.done += len(images)
        return gaussian_heatmaps(chosen, self.size // 4)


def test_points_come_back_in_pixels_of_the_crop() -> None:
    points = random_points(5)
    landmarker = Landmarker(Oracle(points, 128), JD106, 128, "parabola")
    found = find_landmarks(landmarker, np.zeros((5, 112, 112, 3), np.uint8), batch=2)
    np.testing.assert_allclose(found, points, atol=0.7)  # the outermost lie on the map's border
    inside = (np.abs(points - 55.5) < 60).all(-1)
    np.testing.assert_allclose(found[inside], points[inside], atol=0.05)


def test_error_is_the_mean_distance_by_that_of_the_outer_corners() -> None:
    true = np.zeros((2, 106, 2), np.float32)
    true[:, 66], true[:, 79] = (30, 50), (80, 50)
    found = true + np.array([3.0, 4.0], np.float32)
    np.testing.assert_allclose(nme(found, true), 5 / 50)
    found[0] = true[0]
    found[0, 16] += (0, 53)
    np.testing.assert_allclose(nme(found, true)[0], 53 / 106 / 50)


def test_other_schemes_are_measured_on_the_shared_points() -> None:
    true = random_points(2)
    wflw = np.full((2, 98, 2), 1e6, np.float32)
    wflw[:, list(WFLW_TO_IBUG68)] = true[:, list(JD106.to_ibug68)]
    np.testing.assert_allclose(nme(wflw, true, WFLW98), 0, atol=1e-6)


def test_summary() -> None:
    scores = summarise(np.array([0.02, 0.04, 0.06, 0.2]))
    assert scores == pytest.approx({"mean": 0.08, "median": 0.05, "p95": 0.179, "failures": 0.25})


def test_a_model_folder_is_all_it_takes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = landmark_hrnet(106, 4).eval()
    saved = Landmarker(model, scheme("insightface106"), 64, "quarter")
    save_model(tmp_path, model.state_dict(), landmark_card(saved))
    again = load_landmarker(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    np.testing.assert_array_equal(find_landmarks(again, images), find_landmarks(saved, images))
    assert again.scheme.name == "insightface106"
    with pytest.raises(UserError, match="run the stage that trains this model first"):
        load_landmarker(tmp_path / "absent")
