"""When frames are shown and who speaks when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frame_times(rng: np.random.Generator, fps: int, seconds: float, variable: bool) -> NDArray[np.float64]:
    """Time of each frame in s, float64 [T]; a variable rate wanders between half and the whole of `fps`."""
    count = round(seconds * fps)
    if not variable:
        return np.arange(count) / fps
    steps = rng.choice([1.0, 1.0, 1.25, 1.5, 2.0], count - 1) / fps
    return np.concatenate([[0.0], np.cumsum(steps)])


def turns(rng: np.random.Generator, seconds: float, people: int) -> list[list[tuple[float, float]]]:
    """Phrases (start, stop in s) of each person; they take turns and leave pauses."""
    phrases: list[list[tuple[float, float]]] = [[] for _ in range(people)]
    at, speaker = rng.uniform(0.05, 0.2) * seconds, int(rng.integers(people))
    while at < seconds - 0.4:
        stop = min(at + rng.uniform(0.8, 2.0), seconds - 0.15)
        phrases[speaker].append((at, stop))
        at, speaker = stop + rng.uniform(0.3, 1.1), (speaker + 1) % people
    return phrases
