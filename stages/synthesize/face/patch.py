"""Small canonical pictures of eyes and mouth, drawn afresh for each frame at the picture's scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.space import Array, sample, spline


@dataclass(frozen=True)
class Grid:
    """Canonical rectangle with `scale` pixels a unit; `x` is [1, w], `y` is [h, 1]."""

    left: float
    top: float
    scale: float
    x: Array
    y: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.shape[0], self.x.shape[1]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1."""
        h, w = self.shape
        return self.left, self.top, self.left + w / self.scale, self.top + h / self.scale

    def cover(self, distance: Array) -> Array:
        """Share of a pixel on the inner side of an edge, from the signed distance to it."""
        return np.asarray(np.clip(distance * np.float32(self.scale) + np.float32(0.5), 0, 1), np.float32)


@lru_cache(maxsize=64)
def grid(x0: float, y0: float, x1: float, y1: float, scale: float) -> Grid:
    """Grid over a canonical rectangle."""
    x = ((np.arange(int((x1 - x0) * scale)) + 0.5) / scale + x0).astype(np.float32)
    y = ((np.arange(int((y1 - y0) * scale)) + 0.5) / scale + y0).astype(np.float32)
    return Grid(x0, y0, scale, x[None], y[:, None])


def look(area: Grid, image: Array, u: Array, v: Array) -> Array:
    """Patch `image` as seen at canonical coordinates `u`, `v`; zero outside."""
    x = (u - np.float32(area.left)) * np.float32(area.scale) - np.float32(0.5)
    y = (v - np.float32(area.top)) * np.float32(area.scale) - np.float32(0.5)
    return sample(image, x, y, cv2.BORDER_CONSTANT)


def curve(points: NDArray[np.floating], x: Array) -> Array:
    """Height of the smooth curve through `points` [n, 2] at `x` [1, w]; level beyond its ends."""
    line = spline(points, 5)
    if line[0, 0] > line[-1, 0]:
        line = line[::-1]
    return np.asarray(np.interp(x[0], line[:, 0], line[:, 1]), np.float32)[None]


def ridge(distance: Array, width: float) -> Array:
    """Soft line: Gaussian of the distance to it."""
    scaled = distance * np.float32(1 / width)
    return np.asarray(np.exp(np.float32(-0.5) * scaled * scaled), np.float32)
