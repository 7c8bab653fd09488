"""The times of frames: stamps that fall, repeat or leap, made to rise from 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Stamps = NDArray[np.float64]  # seconds

LEAP = 60.0  # seconds without picture and sound after which the clock was set anew and no time has passed
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
    interval = _interval(stamps)
    times: list[Stamps] = []
    start = 0.0
    for part in np.split(stamps, _leaps(stamps, sound)):
        times.append(np.sort(part) - part.min() + start)
        start = times[-1][-1] + interval
    return _apart(np.concatenate(times), interval / 1000)


def leaps(stamps: Stamps, sound: Callable[[], Stamps]) -> Stamps:
    """Seconds that `rising` takes out at each leap forward, in their order."""
    steps = np.diff(stamps)
    if not (steps > LEAP).any():
        return np.zeros(0)
    interval = _interval(stamps)
    forward = [steps[place - 1] - interval for place in _leaps(stamps, sound)]
    return np.array([size for size in forward if size > 0])


def _interval(stamps: Stamps) -> float:
    """The usual time from frame to frame."""
    steps = np.diff(np.unique(stamps))
    return float(np.median(steps)) if len(steps) else INTERVAL


def _leaps(stamps: Stamps, sound: Callable[[], Stamps]) -> list[int]:
    """Where another recording begins."""
    found = [0]
    high = stamps[0]
    for place, stamp in enumerate(stamps[1:], start=1):
        before = stamps[found[-1] : place]
        falls = len(before) > REORDER and (before[-REORDER - 1 :] > stamp).all()
        if falls or stamp == before[0] or (stamp - high > LEAP and not _heard(high, stamp, sound())):
            found.append(place)
            high = stamp
        high = max(high, stamp)
    return found[1:]


def _heard(before: float, after: float, sound: Stamps) -> bool:
    """Whether there is sound well within a gap between pictures."""
    return bool(((sound > before + LEAP / 4) & (sound < after - LEAP / 4)).any())


def _apart(times: Stamps, least: float) -> Stamps:
    """Times that are equal, moved on by `least` seconds each."""
    places = np.arange(len(times)) * least
    return np.maximum.accumulate(times - places) + places if (np.diff(times) <= 0).any() else times
