"""Frames of a video as the decoder leaves them: YUV planes without a copy, colour matrix and time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.media.colour import GBR_TO_RGB, is_full_range, yuv_to_rgb

# FFmpeg's log stays off: PyAV's log callback takes Python's lock, for errors at any level, and a decoder's
# thread that logs while its decoder is being freed would wait for ever.
av.logging.set_level(None)

Plane = np.ndarray  # uint8 [H, W]
PLANAR = {f"yuv{j}{sampling}p" for j in ("", "j") for sampling in (420, 422, 444)}
# Frames that a video may lack of its labels: the two disagree in one video of five of Aff-Wild2, by a little.
LACK, LACK_SHARE = 2, 0.05
TIMELESS = "its frames carry no times; remux it, for instance to .mp4"


@dataclass(frozen=True)
class Frame:
    """One picture: three planes (views of the decoder's memory), the [3, 4] matrix from them to RGB, a time.

    `black`: what the planes hold where RGB is 0. `time`: seconds since the first frame of the video.
    """

    planes: tuple[Plane, Plane, Plane]
    to_rgb: NDArray[np.float64]
    black: tuple[int, int, int]
    time: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.planes[0].shape[1], self.planes[0].shape[0]

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """The whole picture as RGB [H, W, 3], at `size` (width, height) or its own."""
        size = size or self.size
        return cv2.transform(cv2.merge([_resize(plane, size) for plane in self.planes]), self.to_rgb)


def read_frames(path: Path, count: int | None = None, threads: int = 1) -> Iterator[Frame]:
    """Decode the first `count` frames (the length of the labels), or all; an image file is one frame.

    The video may end, or be damaged, two frames or 5% before `count`: labels and containers often disagree
    by a little. What no label needs is not read. `threads`: 0 for as many as there are cores.
    Errors: UserError for a file that is no video, is damaged earlier, or has fewer frames than that.
    """
    enough = max(1.0, (count or 0) - max(LACK, LACK_SHARE * (count or 0)))
    done = 0
    try:
        with open_video(path) as container:
            for frame in islice(_decode(container, threads), count):
                yield frame
                done += 1
    except av.FFmpegError as error:
        if count is None or done < enough:
            raise UserError(
                f"{path}: cannot be decoded after frame {done} ({cause(error)}); replace it"
            ) from None
    if done < enough:
        raise UserError(f"{path}: ends after {done} of {count or 1} frames, it may be truncated; replace it")


def frame_times(path: Path) -> NDArray[np.float64]:
    """Presentation times in seconds since the first frame, read from the packets: nothing is decoded.

    Errors: UserError for a file that is no video or whose packets carry no times.
    """
    with open_video(path) as container:
        stream = container.streams.video[0]
        tick = stream.time_base  # PyAV knows it only while the container is open
        ticks = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
    if not ticks or tick is None:
        raise UserError(f"{path}: {TIMELESS}")
    return (np.sort(ticks) - min(ticks)) * float(tick)


@contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """Open a file that has a video stream.

    Errors: UserError for a missing file, a file of another kind, or one without pictures.
    """
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise UserError(f"{path}: cannot be opened as a video ({cause(error)}); replace it") from None
    with container:
        if not container.streams.video:
            raise UserError(f"{path}: holds no video; give a file with pictures")
        yield container


def _decode(container: InputContainer, threads: int) -> Iterator[Frame]:
    """All frames; one without a time stamp follows the one before it at the average rate."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    rate, first, time = stream.average_rate, None, None
    for frame in container.decode(stream):
        if frame.time is None:
            time = _following(time, rate, container.name)
        else:
            first = frame.time - _following(time, rate, container.name) if first is None else first
            time = frame.time - first
        yield _to_frame(frame, time)


def _following(time: float | None, rate: Fraction | None, name: str) -> float:
    """The time of the frame after one at `time`, in seconds; 0 for the first."""
    if time is None:
        return 0.0
    if not rate:
        raise UserError(f"{name}: {TIMELESS}")
    return time + float(1 / rate)


def _to_frame(frame: av.VideoFrame, time: float) -> Frame:
    turns = round(frame.rotation / 90) % 4  # phones film sideways and say so
    full = is_full_range(frame)
    if frame.format.is_rgb:
        matrix, black, frame = GBR_TO_RGB, (0, 0, 0), frame.reformat(format="gbrp")
    else:
        matrix = yuv_to_rgb(frame)
        black = (0 if full else 16, 128, 128)
        if frame.format.name not in PLANAR:  # 10 bits, grey, packed
            same = "JPEG" if full else "MPEG"
            frame = frame.reformat(format="yuv420p", src_color_range=same, dst_color_range=same)
    first, second, third = (
        np.rot90(_view(plane), turns) if turns else _view(plane) for plane in frame.planes
    )
    return Frame((first, second, third), matrix, black, time)


def _view(plane: av.video.plane.VideoPlane) -> Plane:
    """[H, W] without the padding at the ends of lines; keeps the decoder's memory alive."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


def _resize(plane: Plane, size: tuple[int, int]) -> Plane:
    if plane.shape == size[::-1]:
        return plane
    shrinks = size[0] < plane.shape[1]
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def cause(error: Exception) -> str:
    """FFmpeg's reason alone, without numbers, calls and logs."""
    return str(getattr(error, "strerror", None) or error)
