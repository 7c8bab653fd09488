"""Gaps and smoothing along time against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from stages.media.detect import Face
from stages.media.trajectory import Trajectory, build, fill, smooth

SHAPE = np.array([[-10, -10], [10, -10], [0, 0], [-8, 10], [8, 10]], np.float64)


def track(xs: list[float | None]) -> Trajectory:
    faces = [
        None if x is None else Face(SHAPE + np.array([x, 50]), np.array([x - 20, 30, x + 20, 70]), 0.9)
        for x in xs
    ]
    return build([index / 25 for index in range(len(xs))], faces)


def nose(found: Trajectory) -> np.ndarray:
    return found.points[:, 2, 0]


def test_frames_without_a_face_have_no_row() -> None:
    table = track([1.0, None, 3.0]).table()
    assert table["frame"].tolist() == [1, 3] and table["time"].tolist() == [0.0, 0.08]
    assert table["p2x"].tolist() == [1.0, 3.0] and table["x1"].tolist() == [21.0, 23.0]
    assert [str(kind) for kind in table.dtypes] == ["int32", "float64"] + ["float32"] * 15


def test_nobody_at_all() -> None:
    empty = track([None, None])
    assert len(smooth(fill(empty, [0, 0.04], 5), 1.0).table()) == 0 and empty.length == 2


def test_short_gaps_are_straight_lines() -> None:
    found = fill(track([0.0, None, None, 3.0, None, None, None, 7.0]), np.arange(8) / 25, 3)
    assert found.frames.tolist() == [1, 2, 3, 4, 8]
    assert np.allclose(nose(found), [0, 1, 2, 3, 7]) and np.allclose(found.times, [0, 0.04, 0.08, 0.12, 0.28])


@pytest.mark.parametrize("sigma", [0.5, 0.8, 2.0])
def test_smoothing_is_a_gaussian(sigma: float) -> None:
    xs = np.random.default_rng(0).normal(0, 1, 40)
    found = nose(smooth(track(list(xs)), sigma))
    assert np.allclose(found[8:-8], gaussian_filter1d(xs, sigma)[8:-8], atol=1e-3)


@pytest.mark.parametrize("count", [2, 3, 30])
def test_steady_motion_stays_also_at_the_ends(count: int) -> None:
    xs = np.arange(count) * 3.0
    assert np.allclose(nose(smooth(track(list(xs)), 1.5)), xs)


def test_no_smoothing() -> None:
    assert nose(smooth(track([0.0, 5.0, 0.0]), 0)).tolist() == [0, 5, 0]


def test_never_across_a_gap_or_a_cut() -> None:
    gap = nose(smooth(track([0.0, 0.0, None, 4.0, 4.0]), 2.0))
    assert np.allclose(gap, [0, 0, 4, 4])
    cut = nose(smooth(track([0.0, 0.0, 0.0, 100.0, 100.0]), 2.0))
    assert np.allclose(cut, [0, 0, 0, 100, 100])


def test_noise_falls_and_motion_stays() -> None:
    time = np.arange(100) / 25
    true = 8 * np.sin(2 * np.pi * time)
    noisy = true + np.random.default_rng(1).normal(0, 0.5, 100)
    smoothed = nose(smooth(track(list(noisy)), 0.8))
    assert np.std(smoothed - true) < 0.75 * np.std(noisy - true)
    assert np.abs(np.diff(smoothed, 2)).mean() < 0.5 * np.abs(np.diff(noisy, 2)).mean()
