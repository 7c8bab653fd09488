"""The 106 points: order, mirror symmetry, and where they come to lie."""

from __future__ import annotations

import numpy as np
import pytest

from stages.synthesize.face import sample_identity
from stages.synthesize.face.landmarks import MIRROR, rest_points

SEEDS = range(12)


@pytest.fixture(params=SEEDS)
def points(request: pytest.FixtureRequest) -> np.ndarray:
    return rest_points(sample_identity(np.random.default_rng(request.param)))


def test_mirror_is_its_own_inverse_and_leaves_the_middle() -> None:
    assert (MIRROR[MIRROR] == np.arange(106)).all()
    assert set(np.nonzero(np.arange(106) == MIRROR)[0]) == {16, 51, 52, 53, 54, 60, 87, 93, 98, 102}


def test_resting_points_are_mirror_images(points: np.ndarray) -> None:
    np.testing.assert_allclose(points[MIRROR] * [-1, 1], points, atol=1e-9)


def test_pupils_define_the_unit(points: np.ndarray) -> None:
    np.testing.assert_allclose(points[105] - points[104], [1, 0])


def test_contour_runs_from_the_left_ear_over_the_chin(points: np.ndarray) -> None:
    assert (np.diff(points[:33, 0]) > -0.04).all() and (np.diff(points[:17, 1]) > 0).all()
    assert points[:33, 1].argmax() == 16


def test_brows_run_along_the_upper_edge_inwards_and_back_below(points: np.ndarray) -> None:
    assert (np.diff(points[33:38, 0]) > 0).all() and (np.diff(points[38:42, 0]) < 0).all()
    assert points[[41, 40, 39, 38], 1].mean() > points[34:38, 1].mean()
    assert (np.diff(points[42:47, 0]) > 0).all() and (np.diff(points[47:51, 0]) < 0).all()


def test_eyes_and_lips_run_clockwise_from_their_left_corner(points: np.ndarray) -> None:
    for ring in (range(66, 74), range(75, 83), range(84, 96)):
        x, y = points[list(ring)].T
        assert x.argmin() == 0
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0  # clockwise where y points down


def test_nose_hangs_between_eyes_and_lips(points: np.ndarray) -> None:
    assert (np.diff(points[51:55, 1]) > 0).all()
    assert points[54, 1] < points[60, 1] < points[87, 1]
    assert points[57, 0] == points[55:66, 0].min() and points[63, 0] == points[55:66, 0].max()
