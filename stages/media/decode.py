"""Frames of a video in their order, with their numbers and times, also past damage where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.media import clock
from stages.media.containers import open_video
from stages.media.damage import Damage, decode, survivors, unbroken
from stages.media.frame import Frame, from_decoder, from_rgb
from stages.media.packets import packet_stamps, sound_stamps
from stages.media.still import is_still, read_still

# Frames that a video may lack of its labels: the two disagree in one video of five of Aff-Wild2, by a little.
LACK, LACK_SHARE = 2, 0.05
TIMELESS = "its frames carry no times; remux it, for instance to .mp4"


def read_frames(
    path: Path, count: int | None = None, threads: int = 1, problems: list[str] | None = None
) -> Iterator[Frame]:
    """Decode the first `count` frames (the length of the labels), or all; a picture file is one frame.

    The video may end, or be damaged, two frames or 5% before `count`: labels and containers often disagree
    by a little. What no label needs is not read. `threads`: 0 for as many as there are cores. `problems`:
    frames that cannot be decoded are left out, and what is wrong noted here; the others keep their numbers.
    Errors: UserError for a file that is no video, is damaged earlier, or has fewer frames than that.
    """
    enough = max(1.0, (count or 0) - max(LACK, LACK_SHARE * (count or 0)))
    done = 0
    try:
        for frame in _read(path, threads, problems):
            if count is not None and frame.number > count:
                break
            yield frame
            done = frame.number
            if done == count:
                return
    except Damage as damage:
        if count is None or done < enough:
            raise UserError(
                f"{path}: {damage.args[0]} after frame {done}{damage.args[1]}; replace it"
            ) from None
    if done < enough:
        problem = f"ends after {done} of {count or 1} frames, it may be truncated"
        if problems is None or done == 0:
            raise UserError(f"{path}: {problem}; replace it")
        problems.append(problem)


def frame_times(path: Path) -> NDArray[np.float64]:
    """Presentation times in seconds since the first frame, read from the packets: nothing is decoded.

    Errors: UserError for a file that is no video or whose packets carry no times.
    """
    if is_still(path):
        return np.zeros(1)
    stamps = packet_stamps(path)
    if not len(stamps):
        raise UserError(f"{path}: {TIMELESS}")
    return clock.rising(stamps, lambda: sound_stamps(path))


def _read(path: Path, threads: int, problems: list[str] | None) -> Iterator[Frame]:
    """All frames. Errors: Damage, unless a list takes note of it."""
    if is_still(path):
        yield from_rgb(read_still(path))
        return
    with open_video(path) as (container, stream):
        pixel = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
        decoded = decode(container, stream, threads if problems is None else 1)
        numbered = (
            unbroken(decoded, stream.average_rate)
            if problems is None
            else survivors(path, decoded, stream.frames > 0, problems)
        )
        rate, first, time = stream.average_rate, None, None
        for number, frame in numbered:
            if frame.time is None:
                time = _following(time, rate, path)
            else:
                first = frame.time - _following(time, rate, path) if first is None else first
                time = frame.time - first
            yield from_decoder(frame, time, number, pixel)


def _following(time: float | None, rate: Fraction | None, path: Path) -> float:
    """The time of the frame after one at `time`, in seconds; 0 for the first."""
    if time is None:
        return 0.0
    if not rate:
        raise UserError(f"{path}: {TIMELESS}")
    return time + float(1 / rate)
