"""Stamps that a file tells of its pictures and its sound, read from the packets: nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from stages.media.clock import Stamps
from stages.media.containers import open_media, open_video, sound


def packet_stamps(path: Path) -> Stamps:
    """When the frames of a video are shown, in seconds, in the order of storage.

    Errors: UserError for a file that is no video.
    """
    with open_video(path) as (container, stream):
        return _stamps(container, stream)


def sound_stamps(path: Path) -> Stamps:
    """When the packets of a video's sound are heard, in seconds; none where there is no sound."""
    with open_media(path) as container:
        stream = sound(container)
        return _stamps(container, stream) if stream else np.zeros(0)


def _stamps(container: InputContainer, stream: Stream) -> Stamps:
    tick = stream.time_base  # PyAV knows it only while the container is open
    shown = [packet for packet in _packets(container, stream) if packet.size and not packet.is_discard]
    ticks = [stamp for stamp in map(_stamp, shown) if stamp is not None]
    return np.array(ticks, np.float64) * float(tick or 0)


def _packets(container: InputContainer, stream: Stream) -> Iterator[Packet]:
    """The packets up to where the container is damaged."""
    with suppress(av.FFmpegError):
        yield from container.demux(stream)


def _stamp(packet: Packet) -> int | None:
    """When a packet's frame is shown; where a container knows only its storage's order (AVI), the place there."""
    return packet.dts if packet.pts is None else packet.pts
