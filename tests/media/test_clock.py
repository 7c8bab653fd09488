"""Times of frames rise from 0, whatever their stamps do."""

from __future__ import annotations

import numpy as np
import pytest

from stages.media.clock import leaps, rising

STEADY = np.arange(40) / 25  # s


def silent() -> np.ndarray:
    return np.zeros(0)


def unasked() -> np.ndarray:
    raise AssertionError("the sound is of no interest where nothing leaps")


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (STEADY + 1.4, STEADY),
        ([0.5, 0.54, 0.6, 0.61, 0.9, 31.4], [0, 0.04, 0.1, 0.11, 0.4, 30.9]),  # a screen at rest for 30 s
        ([0, 0.12, 0.08, 0.16, 0.04, 0.2], [0, 0.04, 0.08, 0.12, 0.16, 0.2]),  # AVI with B-frames
        ([0.12, 0.04, 0.08, 0.24, 0.16, 0.2], [0, 0.04, 0.08, 0.12, 0.16, 0.2]),  # begins with an open group
        ([3.0], [0]),
        ([], []),
    ],
)
def test_one_recording(stamps: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(rising(np.array(stamps, float), unasked), expected, atol=1e-12)


@pytest.mark.parametrize("start", [7200.0, 0.0, -0.5, 0.3], ids=["later", "anew", "before", "in between"])
def test_joined_recordings_go_on_one_frame_later(start: float) -> None:
    stamps = np.concatenate([STEADY, STEADY + start])
    np.testing.assert_allclose(rising(stamps, silent), np.arange(80) / 25, atol=1e-9)


def test_joined_recordings_in_the_order_of_storage() -> None:
    stored = STEADY.reshape(10, 4)[:, [0, 3, 1, 2]].ravel()
    stamps = np.concatenate([stored, stored + 9000, stored])
    np.testing.assert_allclose(rising(stamps, silent), np.arange(120) / 25, atol=1e-9)


def test_a_picture_that_stands_while_somebody_speaks() -> None:
    stamps = np.array([0, 0.04, 0.08, 100, 100.04, 200, 200.04])
    talk = np.arange(0, 210, 0.02)
    np.testing.assert_allclose(rising(stamps, lambda: talk), stamps)
    assert leaps(stamps, lambda: talk).size == 0
    assert rising(stamps, silent)[-1] < 1


def test_equal_stamps_come_apart() -> None:
    times = rising(np.array([0, 0.04, 0.04, 0.04, 0.08]), silent)
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(times, [0, 0.04, 0.04, 0.04, 0.08], atol=1e-3)
    assert (np.diff(rising(np.zeros(5), silent)) > 0).all()


def test_what_a_leap_takes_out() -> None:
    stamps = np.concatenate([STEADY, STEADY + 7200, STEADY + 9000])
    taken = leaps(stamps, silent)
    np.testing.assert_allclose(taken, [7200 - 40 / 25, 1800 - 40 / 25])
    np.testing.assert_allclose(rising(stamps, silent)[-1], stamps[-1] - taken.sum())
