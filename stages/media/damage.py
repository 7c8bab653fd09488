"""Decoding of files that may be damaged: what is lost, and the numbers of the frames that are left."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from stages.media.clock import LEAP, REORDER, Stamps
from stages.media.containers import cause
from stages.media.packets import packet_stamps

GAP = 1.5  # intervals without a frame, beside lost packets, that tell of lost frames
STEADY = 0.9  # share of equal intervals from which a rate is steady
SHORTEST = 1e-3  # seconds from frame to frame: less is no rate but damaged stamps
SAME = 1e-4  # seconds between stamps that are one


class Damage(Exception):
    """What is wrong with a file, in words that go before and behind the place."""


class Decoded(NamedTuple):
    """A frame, or the `error` in its place; `lost`: whether packets before it were not whole."""

    frame: av.VideoFrame | None
    lost: bool
    error: str = ""


def decode(container: InputContainer, stream: VideoStream, threads: int) -> Iterator[Decoded]:
    """Whatever the packets of a stream give, errors among the frames."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    wary = 0
    try:
        for packet in container.demux(stream):
            wary = REORDER if packet.is_corrupt else wary
            frames, error = _frames(packet)
            for frame in frames:
                wary = REORDER if frame.is_corrupt else wary - 1
                yield Decoded(frame, wary >= 0)
            if error:
                yield Decoded(None, True, error)
    except av.FFmpegError as error:  # the container's own
        yield Decoded(None, True, cause(error))


def unbroken(decoded: Iterator[Decoded], rate: Fraction | None) -> Iterator[tuple[int, av.VideoFrame]]:
    """Numbers, from 1, and frames. Errors: Damage, also where frames are missing without an error."""
    before: float | None = None
    for number, (frame, lost, error) in enumerate(decoded, start=1):
        if frame is None:
            raise Damage("cannot be decoded", f" ({error})")
        if lost and rate and _is_gap(before, frame.time, float(rate)):
            raise Damage("lacks frames", ", it is damaged")
        before = frame.time
        yield number, frame


def _is_gap(before: float | None, time: float | None, rate: float) -> bool:
    return before is not None and time is not None and GAP / rate < time - before <= LEAP


def survivors(
    path: Path, decoded: Iterator[Decoded], counted: bool, problems: list[str]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """The frames that can be decoded and their own numbers: by their stamps, once something is lost.

    `counted`: whether the container tells how many frames there are, and so lists those that are lost.
    `problems` takes note of what is wrong.
    """
    number, in_order = 0, True
    first = before = -np.inf
    places: Stamps | None = None
    for frame, lost, error in decoded:
        if lost and places is None:
            places = _places(packet_stamps(path), first, counted)
        if frame is None:
            number += not in_order
            problems.append(error)
            continue
        number = expected = number + 1
        if frame.time is not None:
            in_order = in_order and frame.time > before
            first, before = first if number > 1 or lost else frame.time, frame.time
            if places is not None and in_order:
                number = max(number, int(np.searchsorted(places, frame.time + SAME)))
        if number > expected and not problems:
            problems.append("data are missing")
        yield number, frame


def _frames(packet: Packet) -> tuple[list[av.VideoFrame], str]:
    if not packet.size and packet.dts is not None:  # "as before" (Theora); the one that ends all has no time
        return [], ""
    try:
        return packet.decode(), ""
    except av.FFmpegError as error:
        return [], cause(error)


def _places(stamps: Stamps, first: float, counted: bool) -> Stamps:
    """Stamps of all frames from the first on, in order; a steady rate tells of those that are not listed."""
    stamps = np.unique(stamps)
    stamps = stamps[stamps >= first - SAME]
    steps = np.diff(stamps)
    interval = float(np.median(steps)) if len(steps) else 0.0
    steady = np.isclose(steps, interval, rtol=0.1).mean() > STEADY if len(steps) else False
    if counted or not steady or interval < SHORTEST:
        return stamps
    missing = np.where(steps <= LEAP, np.round(steps / interval).astype(int) - 1, 0)
    lines = [
        stamp + np.arange(1 + more) * interval
        for stamp, more in zip(stamps, [*missing.tolist(), 0], strict=True)
    ]
    return np.concatenate(lines)
