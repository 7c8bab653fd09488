"""How movements run in time: onset–apex–offset, smooth wandering, blinks, glances, nods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Track = NDArray[np.float64]

STEP = 0.01  # s; wandering is drawn on this grid, then read at the frames' times


def ramp(t: Track, length: float) -> Track:
    """Smooth rise from 0 at t = 0 to 1 at t = `length` (zero speed and acceleration at both ends)."""
    x = np.clip(t / length, 0, 1)
    return x**3 * (x * (6 * x - 15) + 10)


def envelope(times: Track, start: float, onset: float, apex: float, offset: float) -> Track:
    """Onset–apex–offset course 0..1 at `times`; lengths in s."""
    falls = start + onset + apex
    return ramp(times - start, onset) * (1 - ramp(times - falls, offset))


def wander(rng: np.random.Generator, times: Track, period: float) -> Track:
    """Smooth noise of unit deviation that changes over about `period` s, at `times`."""
    length = int(np.ceil((times[-1] + 4 * period) / STEP)) + 2
    sigma = period / STEP / 2.5
    unit = np.sqrt(2 * sigma * np.sqrt(np.pi))  # brings white noise so smoothed back to unit deviation
    grid = unit * gaussian_filter1d(rng.standard_normal(length), sigma, mode="wrap")
    return np.interp(times, np.arange(length) * STEP, grid)


def blinks(rng: np.random.Generator, times: Track) -> Track:
    """Lid closure 0..1: a blink every few seconds, down in 0.08 s, up in 0.15 s."""
    closed = np.zeros_like(times)
    at = rng.uniform(0.3, 3.0)
    while at < times[-1]:
        closed = np.maximum(closed, rng.uniform(0.85, 1.0) * envelope(times, at, 0.09, 0.03, 0.16))
        at += rng.gamma(4.0, 0.8) + 0.4
    return closed


def glances(rng: np.random.Generator, times: Track, spread: float) -> Track:
    """Gaze along one axis: mostly at the camera, now and then elsewhere, moved in quick saccades."""
    gaze = np.zeros_like(times)
    at, before = 0.0, 0.0
    while at < times[-1]:
        target = rng.normal(0, spread) if rng.random() < 0.5 else rng.normal(0, spread / 6)
        gaze += (target - before) * ramp(times - at, 0.07)
        before, at = target, at + rng.uniform(0.5, 2.0)
    return np.clip(gaze, -0.9, 0.9)


def nods(rng: np.random.Generator, times: Track, busy: Track) -> Track:
    """Nodding, degrees, in bursts where `busy` (0..1) is high."""
    rate = rng.uniform(1.2, 2.2)
    strength = np.clip(wander(rng, times, 0.8), 0, None) * rng.uniform(1.0, 3.5)
    return strength * busy * np.sin(2 * np.pi * rate * times + rng.uniform(0, 6.3))
