"""Valence and arousal that belong to what a face does, with their own, slower course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from stages.synthesize.acting.dynamics import Track, wander
from stages.synthesize.acting.script import GESTURE, Event
from stages.synthesize.face.names import INDEX

# Valence, arousal of a full expression: the circumplex (Russell 1980) as annotators of faces use it.
CIRCUMPLEX: dict[str, tuple[float, float]] = {
    "Anger": (-0.60, 0.65),
    "Disgust": (-0.65, 0.40),
    "Fear": (-0.55, 0.75),
    "Happiness": (0.75, 0.40),
    "Sadness": (-0.70, -0.35),
    "Surprise": (0.15, 0.75),
}
# What a single unit at full intensity adds when no expression is shown.
UNIT_AFFECT: dict[str, tuple[float, float]] = {
    "AU4": (-0.20, 0.10), "AU9": (-0.30, 0.10), "AU10": (-0.15, 0.05), "AU12": (0.40, 0.15),
    "AU15": (-0.30, -0.10), "AU23": (-0.15, 0.10), "AU24": (-0.15, 0.05), "AU1": (-0.05, 0.10),
    "AU2": (0.05, 0.15), "AU5": (0.0, 0.30), "AU20": (-0.20, 0.15), "AU27": (0.0, 0.30),
}  # fmt: skip

LAG = 0.15  # s; affect trails the face
BLEND = 0.18  # s; and moves more smoothly


def affect(rng: np.random.Generator, events: Sequence[Event], times: Track) -> NDArray[np.float64]:
    """Valence and arousal in [-1, 1] on an even grid of `times`: float64 [T, 2]."""
    step = float(times[1] - times[0])
    target = sum((np.outer(e.course(times - LAG), aim(e)) for e in events), np.zeros((len(times), 2)))
    smooth = gaussian_filter1d(target, BLEND / step, axis=0, mode="nearest")
    mood = rng.normal(0, 0.06, 2) + np.stack([0.05 * wander(rng, times, 1.5) for _ in range(2)], axis=1)
    return np.clip(smooth + mood, -1, 1)


def aim(event: Event) -> NDArray[np.float64]:
    """Valence, arousal at the event's apex, float64 [2]."""
    if event.kind != GESTURE:
        return np.array(CIRCUMPLEX[event.kind]) * (0.15 + 0.85 * event.strength)
    units = event.peak.mean(axis=0)
    return sum((units[INDEX[name]] * np.array(pull) for name, pull in UNIT_AFFECT.items()), np.zeros(2))
