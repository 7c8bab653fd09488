"""A video's sound: mono float32 at one rate, in blocks, placed against the video's time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.media.decode import cause

RATE = 44_100  # Hz; TSAV's and Jin et al.'s
GAP = 0.02  # seconds without packets that are filled with silence, so that what follows stays in step

Samples = NDArray[np.float32]


class Sound(NamedTuple):
    """`blocks` of samples in [−1, 1], read once; `offset`: seconds from first video frame to first sample."""

    offset: float
    blocks: Iterator[Samples]


def open_sound(path: Path, rate: int = RATE) -> Sound | None:
    """Decode the first audio stream to mono float32 at `rate` Hz; None where a file has no sound.

    Channels are averaged; samples beyond ±1, as lossy codecs decode them at loud peaks, are clipped.
    Errors: UserError for a file that cannot be read; decoding errors come while the blocks are read.
    """
    container = _open(path)
    if not container.streams.audio:
        container.close()
        return None
    frames = _frames(container, path)
    first = next(frames, None)
    if first is None:
        return None
    offset = _offset(container, first)  # while the container is open: PyAV forgets streams with it
    return Sound(offset, _resample(chain([first], frames), rate))


def load_sound(path: Path, rate: int = RATE) -> tuple[Samples, float] | None:
    """The whole sound [samples] and its offset in seconds; None where a file has no sound."""
    sound = open_sound(path, rate)
    if sound is None:
        return None
    return np.concatenate([np.zeros(0, np.float32), *sound.blocks]), sound.offset


def _open(path: Path) -> InputContainer:
    try:
        return av.open(str(path))
    except (OSError, av.FFmpegError) as error:
        raise UserError(f"{path}: cannot be opened ({cause(error)}); repair or remove it") from None


def _frames(container: InputContainer, path: Path) -> Iterator[AudioFrame]:
    """Decoded frames; closes the container when they end."""
    with container:
        try:
            yield from container.decode(audio=0)
        except av.FFmpegError as error:
            raise UserError(f"{path}: its sound cannot be decoded ({cause(error)}); replace it") from None


def _offset(container: InputContainer, first: AudioFrame) -> float:
    """Seconds from the first video frame to the first sample; 0, together, where either has no time."""
    start, video = _start(first), _video_start(container)
    return 0.0 if start is None or video is None else start - video


def _start(frame: AudioFrame) -> float | None:
    """Presentation time of a frame's first sample in seconds; None where the file does not tell."""
    return float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None


def _video_start(container: InputContainer) -> float | None:
    """Presentation time of the first video frame in seconds; None where the file does not tell."""
    video = next(iter(container.streams.video), None)
    if video is None or video.start_time is None or video.time_base is None:
        return None
    return float(video.start_time * video.time_base)


def _resample(frames: Iterator[AudioFrame], rate: int) -> Iterator[Samples]:
    resampler = AudioResampler(format="fltp", rate=rate)  # its own mix to mono adds 3 dB, and clips
    expected: float | None = None
    for frame in frames:
        start = _start(frame)
        if start is not None and expected is not None and start - expected > GAP:
            yield np.zeros(round((start - expected) * rate), np.float32)
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
