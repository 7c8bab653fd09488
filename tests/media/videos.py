"""Video files for tests, written with PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import skimage.data

CLOCK = Fraction(1, 1000)


def write_video(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    rate: int = 25,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    tags: dict[str, int] | None = None,
    lossless: bool = False,
    container: dict[str, str] | None = None,
    pixel: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode RGB [H, W, 3] frames, or planar YUV arrays as PyAV takes them ([H·3/2, W] for yuv420p)."""
    with av.open(str(path), "w", options=container or {}) as file:
        stream: Any = file.add_stream(codec, rate=rate, options={"qp": "0"} if lossless else options or {})
        planar = frames[0].ndim == 2
        stream.height, stream.width = (
            frames[0].shape[0] * 2 // 3 if planar else frames[0].shape[0],
            frames[0].shape[1],
        )
        stream.pix_fmt = pix_fmt
        if pixel is not None:
            stream.sample_aspect_ratio = pixel
        for key, value in (tags or {}).items():
            setattr(stream.codec_context, key, value)
        if times is not None:
            stream.codec_context.time_base = CLOCK
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p" if planar else "rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[index] / CLOCK), CLOCK
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a, b, c, d into the track header of an MP4 (ISO 14496-12, 8.3.2)."""

    def header(a: int, b: int, c: int, d: int) -> bytes:
        one = 1 << 16
        values = [a * one, b * one, 0, c * one, d * one, 0]
        return b"".join(value.to_bytes(4, "big", signed=True) for value in values)

    data = path.read_bytes()
    head = data.index(b"tkhd")
    path.write_bytes(data[:head] + data[head:].replace(header(1, 0, 0, 1), header(*matrix), 1))
    return path


def spoil(path: Path, number: int) -> Path:
    """Make the packet of a frame unreadable."""
    with av.open(str(path)) as film:
        packets = [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]
    place, size = packets[number - 1]
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(size)
    path.write_bytes(bytes(data))
    return path


def astronaut(width: int = 320, height: int = 240) -> np.ndarray:
    """The head of scikit-image's astronaut, a real face, RGB."""
    return cv2.resize(skimage.data.astronaut()[:300, 80:480], (width, height), interpolation=cv2.INTER_AREA)


def moving(image: np.ndarray, count: int, step: float = 2.0) -> list[np.ndarray]:
    """A camera that pans: the image shifted by `step` pixels more on each frame."""
    size = (image.shape[1], image.shape[0])
    shifts = [np.array([[1, 0, step * (index - count / 2)], [0, 1, 0]]) for index in range(count)]
    return [cv2.warpAffine(image, shift, size, borderMode=cv2.BORDER_REPLICATE) for shift in shifts]
