"""What takes a face out of sight: leaving the frame, being covered, a hand that passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.synthesize.acting.dynamics import envelope
from stages.synthesize.scenes.backgrounds import Image
from stages.synthesize.scenes.occluders import Occluder, lay, sample_occluder, screen


@dataclass(frozen=True)
class Intrusion:
    """Something that happens from `start` on for `onset + stay + onset` s; `course` runs 0..1..0."""

    start: float
    onset: float
    stay: float
    slide: float = 0.0  # px the head moves sideways
    occluder: Occluder | None = None
    at: tuple[float, float] = (0.0, 0.0)  # of the occluder, interocular units from the middle of the eyes
    angle: float = 0.0
    size: float = 1.0
    blinding: bool = False  # nothing of the face is seen

    def course(self, time: float) -> float:
        """How far it has come, 0..1."""
        return float(envelope(np.array([time]), self.start, self.onset, self.stay, self.onset)[0])

    def shift(self, time: float) -> float:
        """Sideways movement of the head in pixels."""
        return self.slide * self.course(time)

    def hides(self, time: float) -> bool:
        """Whether the face cannot be seen."""
        return self.blinding and self.course(time) > 0.35

    def draw(self, canvas: Image, centre: tuple[float, float], iod: float, time: float) -> Image:
        """Lay the thing over the frame; it comes from below."""
        course = self.course(time)
        if self.occluder is None or course <= 0:
            return canvas
        below = (1 - course) * (canvas.shape[0] / iod - self.at[1])
        at = (centre[0] + self.at[0] * iod, centre[1] + (self.at[1] + below) * iod)
        return lay(canvas, self.occluder, at, iod, self.angle, self.size)


def absence_of(
    rng: np.random.Generator, kind: str, seconds: float, width: int, iod: float
) -> list[Intrusion]:
    """A stretch without a visible face: `kind` is "" (none), "leaves" or "covered"."""
    if not kind:
        return []
    when = (0.4 * seconds, 0.1 * seconds, rng.uniform(0.15, 0.3) * seconds)
    if kind == "leaves":
        return [Intrusion(*when, slide=width / 2 + 3.2 * iod, blinding=True)]
    return [Intrusion(*when, occluder=screen(rng), at=(0.0, 0.4), size=1.15, blinding=True)]


def passing_hand(rng: np.random.Generator, seconds: float) -> list[Intrusion]:
    """In one video of eight something covers part of the face for a moment."""
    if rng.random() > 0.12:
        return []
    stay = rng.uniform(0.1, 0.2) * seconds
    place = (rng.choice([-1, 1]) * rng.uniform(0.4, 1.0), rng.uniform(0.6, 1.7))
    start = rng.uniform(0.1, 0.6) * seconds
    return [Intrusion(start, 0.3, stay, occluder=sample_occluder(rng), at=place, angle=rng.uniform(-40, 40),
                      size=rng.uniform(0.5, 0.8))]  # fmt: skip
