"""A row of the table, and fair timing: the ways compared take turns, medians are shown."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison: our figure and that of the way it is compared with, in the same unit (more is better).

    `goal`: what our figure ("≥ 100000") or the ratio ("≥ 0.8 ×") should reach, or stay below ("≤"), "" for none.
    """

    what: str
    unit: str
    ours: float
    peer: str
    theirs: float
    goal: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if not self.goal:
            return None
        number = float(self.goal.strip("≥≤ ×").replace(",", ""))
        reached = self.ratio if "×" in self.goal else self.ours
        return reached <= number if "≤" in self.goal else reached >= number


Clock = Callable[[], float]


def seconds(*ways: Callable[[], object], repeat: int = 5, clock: Clock = time.perf_counter) -> list[float]:
    """Median time of each way; they take turns, so that a busy moment hits all; the first turn warms up.

    `clock`: `time.process_time` for figures "a core", which other work on the machine does not change.
    """
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(repeat + 1):
        for way, taken in zip(ways, times, strict=True):
            start = clock()
            way()
            if turn:
                taken.append(clock() - start)
    return [statistics.median(taken) for taken in times]
