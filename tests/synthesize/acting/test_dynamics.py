from __future__ import annotations

import numpy as np

from stages.synthesize.acting.dynamics import blinks, envelope, glances, wander

TIMES = np.arange(0, 20, 1 / 30)


def test_envelope_rises_stays_and_falls() -> None:
    course = envelope(np.array([0.9, 1.25, 1.5, 2.5, 2.75, 3.0, 3.5]), 1.0, 0.5, 1.0, 0.5)
    np.testing.assert_allclose(course, [0, 0.5, 1, 1, 0.5, 0, 0], atol=1e-12)


def test_envelope_starts_and_ends_without_a_jerk() -> None:
    fine = np.arange(0, 4, 0.001)
    speed = np.gradient(envelope(fine, 1.0, 0.4, 1.0, 0.6), 0.001)
    assert np.abs(np.gradient(speed, 0.001)).max() < 6 / 0.4**2  # the quintic's bound is 5.77 / length²
    assert np.abs(speed[[0, 1000, 1400, 2400, 3000, -1]]).max() < 1e-2


def test_wandering_has_unit_deviation_and_no_jumps() -> None:
    tracks = np.stack([wander(np.random.default_rng(seed), TIMES, 1.0) for seed in range(40)])
    assert 0.85 < tracks.std() < 1.15
    assert np.abs(np.diff(tracks)).max() < 0.4


def test_blinks_close_the_eyes_now_and_then() -> None:
    closed = blinks(np.random.default_rng(0), np.arange(0, 60, 1 / 30))
    starts = ((closed[1:] > 0.5) & (closed[:-1] <= 0.5)).sum()
    assert 10 <= starts <= 40
    assert (closed > 0.5).mean() < 0.12
    assert closed.max() <= 1


def test_gaze_is_mostly_at_the_camera() -> None:
    gaze = np.concatenate([glances(np.random.default_rng(seed), TIMES, 0.35) for seed in range(20)])
    assert (np.abs(gaze) < 0.2).mean() > 0.5
    assert np.abs(gaze).max() <= 0.9
