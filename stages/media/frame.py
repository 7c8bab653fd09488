"""One picture of a video as the decoder left it: planes without a copy, the way to RGB, time and geometry."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from stages.media.colour import GBR_TO_RGB, is_full_range, yuv_to_rgb
from stages.media.geometry import UPRIGHT, Geometry, geometry

Plane = np.ndarray  # uint8 [H, W]
PLANAR = {f"yuv{j}{sampling}p" for j in ("", "j") for sampling in (420, 422, 444)}
AS_IT_IS = np.eye(3, 4)  # from RGB planes to RGB


@dataclass(frozen=True)
class Frame:
    """One picture: three planes (views of the decoder's memory), the [3, 4] matrix from them to RGB, a time.

    `black`: what the planes hold where RGB is 0. `time`: seconds since the first frame of the video, as
    stamped (`clock.rising` cleans them). `number`: from 1, also where frames before it were lost. `geometry`:
    how the planes are shown; sizes and places of everything else are those of the picture shown.
    """

    planes: tuple[Plane, Plane, Plane]
    to_rgb: NDArray[np.float64]
    black: tuple[int, int, int]
    time: float
    number: int = 1
    geometry: Geometry = UPRIGHT

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the first plane."""
        return self.planes[0].shape[1], self.planes[0].shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown."""
        return self.geometry.size(self.stored)

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """The whole picture as RGB [H, W, 3], at `size` (width, height) or its own."""
        size = size or self.size
        stored = size[::-1] if self.geometry.turned else size
        picture = cv2.transform(cv2.merge([_resize(plane, stored) for plane in self.planes]), self.to_rgb)
        return picture if self.geometry == UPRIGHT else self.geometry.show(picture)


def from_decoder(frame: av.VideoFrame, time: float, number: int, pixel: Fraction | None) -> Frame:
    """A decoded frame; `pixel`: its stream's sample aspect ratio."""
    shown = geometry(frame, pixel)
    full = is_full_range(frame)
    if frame.format.is_rgb:
        matrix, black, frame = GBR_TO_RGB, (0, 0, 0), frame.reformat(format="gbrp")
    else:
        matrix = yuv_to_rgb(frame)
        black = (0 if full else 16, 128, 128)
        if frame.format.name not in PLANAR:  # 10 bits, grey, packed
            same = "JPEG" if full else "MPEG"
            frame = frame.reformat(format="yuv420p", src_color_range=same, dst_color_range=same)
    first, second, third = (_view(plane) for plane in frame.planes)
    return Frame((first, second, third), matrix, black, time, number, shown)


def from_rgb(picture: np.ndarray) -> Frame:
    """A picture of its own, RGB [H, W, 3]."""
    red, green, blue = (np.ascontiguousarray(picture[:, :, place]) for place in range(3))
    return Frame((red, green, blue), AS_IT_IS, (0, 0, 0), 0.0)


def _view(plane: av.video.plane.VideoPlane) -> Plane:
    """[H, W] without the padding at the ends of lines; keeps the decoder's memory alive."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


def _resize(plane: Plane, size: tuple[int, int]) -> Plane:
    if plane.shape == size[::-1]:
        return plane
    shrinks = size[0] < plane.shape[1]
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
