"""A script: which acts a person plays in a video, and when each rises and falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stages.synthesize.acting.dynamics import Track, envelope
from stages.synthesize.acting.pose import Array, pose
from stages.synthesize.acting.repertoire import GESTURES, NEUTRAL, PROTOTYPES

GESTURE = "Gesture"


class Act(NamedTuple):
    """An expression of `PROTOTYPES`, `GESTURE` or `NEUTRAL`, and which variant of it."""

    kind: str
    variant: int = 0


@dataclass(frozen=True)
class Event:
    """One act in time: peak units float32 [2, units], expression kind, strength 0..1, course in s."""

    kind: str
    peak: Array
    strength: float
    start: float
    onset: float
    apex: float
    offset: float

    def course(self, times: Track) -> Track:
        """Share of the peak 0..1 at `times`."""
        return envelope(times, self.start, self.onset, self.apex, self.offset)


def write_script(rng: np.random.Generator, acts: Sequence[Act], seconds: float) -> list[Event]:
    """Spread the acts evenly over the video, each with its own strength and rates; rests give no event."""
    slot = seconds / max(len(acts), 1)
    return [_event(rng, act, i * slot, slot) for i, act in enumerate(acts) if act.kind != NEUTRAL]


def _event(rng: np.random.Generator, act: Act, start: float, slot: float) -> Event:
    strength = 0.45 + 0.55 * float(rng.beta(2.2, 1.2))
    movements = GESTURES if act.kind == GESTURE else PROTOTYPES[act.kind]
    return Event(
        kind=act.kind,
        peak=pose(rng, movements[act.variant % len(movements)], strength),
        strength=strength,
        start=start + slot * rng.uniform(0.0, 0.12),
        onset=max(0.12, slot * rng.uniform(0.14, 0.30)),
        apex=slot * rng.uniform(0.30, 0.48),
        offset=max(0.16, slot * rng.uniform(0.20, 0.36)),
    )
