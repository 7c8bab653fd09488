"""The times of frames: stamps that fall, repeat or leap, made to rise from 0."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Stamps = NDArray[np.float64]  # seconds

LEAP = 60.0  # seconds without picture and sound after which the clock was set anew and no time has passed
LONGEST = 3600.0  # seconds that a picture may stand while somebody speaks; more is a clock set anew
REORDER = 16  # frames that a codec may store out of their order (H.264, A.3.1)
INTERVAL = 1 / 25  # seconds from frame to frame where no two stamps differ


def rising(stamps: Stamps, sound: Callable[[], Stamps]) -> Stamps:
    """Times in seconds since the first frame, each larger than the one before.

    `stamps` [N]: of frames as a decoder gives them, or of packets. They may be in the order of storage (AVI),
    and begin anew or leap where recordings were joined: what follows a leap comes one frame later.
    `sound`: stamps of the file's sound, asked for only at a leap: a picture may stand while somebody speaks.
    """
    steps = np.diff(stamps)
    if (steps > 0).all() and (steps <= LEAP).all():
        return stamps - stamps[:1]
    parts = [np.sort(part) for part in np.split(stamps, _leaps(stamps, sound))]
    interval = _interval(parts)
    times: list[Stamps] = []
    start = 0.0
    for part in parts:
        times.append(part - part[0] + start)
        start = times[-1][-1] + interval
    return _apart(np.concatenate(times), interval / 1000)


def leaps(stamps: Stamps, sound: Callable[[], Stamps]) -> Stamps:
    """Seconds that `rising` takes out at each leap forward, in their order."""
    if not (np.diff(stamps) > LEAP).any():
        return np.zeros(0)
    parts = [np.sort(part) for part in np.split(stamps, _leaps(stamps, sound))]
    gaps = np.array([after[0] - before[-1] for before, after in pairwise(parts)]) - _interval(parts)
    return gaps[gaps > 0]


def _interval(parts: list[Stamps]) -> float:
    """The usual time from frame to frame."""
    steps = np.concatenate([np.diff(part) for part in parts])
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else INTERVAL


def _leaps(stamps: Stamps, sound: Callable[[], Stamps]) -> list[int]:
    """Where another recording begins."""
    found, heard = [0], cache(sound)
    high = stamps[0]
    for place, stamp in enumerate(stamps[1:], start=1):
        before = stamps[found[-1] : place]
        falls = len(before) > REORDER and (before[-REORDER - 1 :] > stamp).all()
        if falls or stamp == before[0] or (stamp - high > LEAP and not _heard(high, stamp, heard())):
            found.append(place)
            high = stamp
        high = max(high, stamp)
    return found[1:]


def _heard(before: float, after: float, sound: Stamps) -> bool:
    """Whether there is sound well within a gap between pictures."""
    return after - before <= LONGEST and bool(
        ((sound > before + LEAP / 4) & (sound < after - LEAP / 4)).any()
    )


def _apart(times: Stamps, least: float) -> Stamps:
    """Times that are equal, moved on by `least` seconds each."""
    places = np.arange(len(times)) * least
    return np.maximum.accumulate(times - places) + places if (np.diff(times) <= 0).any() else times
