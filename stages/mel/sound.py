"""A video's sound: mono float32 at one rate, in blocks, placed against the video's time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.media import clock, containers
from stages.media.packets import packet_stamps, sound_stamps
from stages.media.still import is_still

RATE = 44_100  # Hz; TSAV's and Jin et al.'s
RATES = range(1000, 1_000_001)  # Hz; a header that tells of less makes hours of a file of kilobytes
GAP = 0.02  # seconds without packets that are filled with silence, so that what follows stays in step

Samples = NDArray[np.float32]


class Pause(Protocol):
    """Seconds of silence between the end of a block and the start of the next, as stamped."""

    def __call__(self, end: float, start: float) -> float: ...


NO_DECODER = "no decoder for its sound is here"


class Sound(NamedTuple):
    """`blocks` of samples in [−1, 1], read once; `offset`: seconds from first video frame to first sample.

    `problems`: what cannot be decoded, half a sentence each; complete once all blocks are read.
    """

    offset: float
    blocks: Iterator[Samples]
    problems: list[str]


def open_sound(path: Path, rate: int = RATE, *, tolerant: bool = False) -> Sound | None:
    """Decode a file's sound (see `containers.sound`) to mono float32 at `rate` Hz; None where it has none.

    Channels are averaged; samples beyond ±1, as lossy codecs decode them at loud peaks, are clipped. Sound
    without a decoder is silence with a problem. `tolerant`: what cannot be decoded is silent too.
    Errors: UserError for a file that cannot be read; decoding errors come while the blocks are read.
    """
    if is_still(path):
        return None
    with containers.open_media(path) as container:
        stream, pictures = containers.sound(container), _video_start(container)
        if stream is None:
            silent = Sound(0.0, iter(()), [NO_DECODER])
            return silent if container.streams.audio else None
    problems: list[str] = []
    frames = _frames(path, problems if tolerant else None)
    first = next(frames, None)
    if first is None:
        return Sound(0.0, iter(()), problems) if problems else None
    start = _start(first)
    offset = 0.0 if start is None or pictures is None else start - pictures
    return Sound(offset, _resample(chain([first], frames), rate, partial(_pause, path)), problems)


def load_sound(path: Path, rate: int = RATE) -> tuple[Samples, float] | None:
    """The whole sound [samples] and its offset in seconds; None where a file has no sound."""
    sound = open_sound(path, rate)
    if sound is None:
        return None
    return np.concatenate([np.zeros(0, np.float32), *sound.blocks]), sound.offset


def _frames(path: Path, problems: list[str] | None) -> Iterator[AudioFrame]:
    """Decoded frames. Errors: UserError for damage, unless a list takes note of it."""
    with containers.open_media(path) as container:
        stream = containers.sound(container)
        packets = iter(container.demux(stream)) if stream else iter(())
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from _sane(packet.decode())
            except (av.FFmpegError, ValueError) as error:
                problem = f"its sound cannot be decoded ({containers.cause(error)})"
                if problems is None:
                    raise UserError(f"{path}: {problem}; replace it") from None
                problems.append(problem)


def _sane(frames: list[AudioFrame]) -> list[AudioFrame]:
    """The frames. Errors: ValueError for a rate that no sound has."""
    for frame in frames:
        if frame.sample_rate not in RATES:
            raise ValueError(f"it has {frame.sample_rate} samples a second")
    return frames


def _start(frame: AudioFrame) -> float | None:
    """Presentation time of a frame's first sample in seconds; None where the file does not tell."""
    return float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None


def _video_start(container: InputContainer) -> float | None:
    """Presentation time of the first video frame in seconds; None where the file does not tell."""
    video = containers.pictures(container)
    if video is None or video.start_time is None or video.time_base is None:
        return None
    return float(video.start_time * video.time_base)


def _pause(path: Path, end: float, start: float) -> float:
    """A gap in the sound as long as the pictures show it: a stamp alone makes no hours of silence."""
    gap = start - end
    if gap <= clock.LEAP:
        return gap
    stamps: clock.Stamps = np.zeros(0)
    with suppress(UserError):  # no pictures
        stamps = packet_stamps(path)
    taken = clock.leaps(stamps, lambda: sound_stamps(path))
    taken = taken[np.abs(taken - gap) < clock.LEAP]
    if len(taken):
        return max(0.0, gap - float(taken[np.abs(taken - gap).argmin()]))
    pause = max(0.0, min(start, float(stamps.max(initial=end))) - end)
    return pause if pause <= clock.LONGEST else 0.0


def _resample(frames: Iterator[AudioFrame], rate: int, pause: Pause) -> Iterator[Samples]:
    resampler = AudioResampler(format="fltp", rate=rate)  # its own mix to mono adds 3 dB, and clips
    expected: float | None = None
    for frame in frames:
        start = _start(frame)
        if start is not None and expected is not None and start - expected > GAP:
            yield np.zeros(round(pause(expected, start) * rate), np.float32)
        expected = _end(frame, expected if start is None else start)
        frame.pts = None  # placed here by hand; the resampler would fill or cut by it in its own way
        yield from _samples(resampler.resample(frame))
    yield from _samples(resampler.resample(None))


def _end(frame: AudioFrame, start: float | None) -> float | None:
    """When a frame that starts at `start` is over; a frame without a time goes on from the one before."""
    return None if start is None else start + frame.samples / frame.sample_rate


def _samples(frames: list[AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        yield np.clip(frame.to_ndarray().mean(0), -1.0, 1.0).astype(np.float32)
