"""Crops cut out of the planes of a decoded frame: only their own pixels are ever turned into RGB."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.media.align import SIZE, TEMPLATE, Matrix, invert, similarity
from stages.media.frame import Frame, Plane


def warp_face(frame: Frame, points: NDArray[np.floating]) -> np.ndarray:
    """The face whose five points are given, as RGB [112, 112, 3]; black outside the picture."""
    return warp(frame, similarity(points, TEMPLATE), SIZE)


def warp(frame: Frame, matrix: Matrix, size: int) -> np.ndarray:
    """RGB [size, size, 3] seen through `matrix` (frame → crop), bilinear; only these pixels become RGB.

    A picture that shrinks by two or more is averaged down first: bilinear sampling alone would flicker.
    """
    luma, shown = frame.planes[0], frame.geometry.matrix(frame.stored)
    crops = [
        _warp_plane(plane, matrix @ shown @ _to_luma(plane, luma), size, black)
        for plane, black in zip(frame.planes, frame.black, strict=True)
    ]
    return cv2.transform(cv2.merge(crops), frame.to_rgb)


def _to_luma(plane: Plane, luma: Plane) -> Matrix:
    """[3, 3] map from a plane's pixels to luma pixels: chroma sits left, and half way down (H.264, E.2.1)."""
    across, down = round(luma.shape[1] / plane.shape[1]), round(luma.shape[0] / plane.shape[0])
    return np.array([[across, 0, 0], [0, down, (down - 1) / 2], [0, 0, 1]])


def _warp_plane(plane: Plane, matrix: Matrix, size: int, black: int) -> Plane:
    (a, b, _), (c, d, _) = matrix.tolist()
    factor = int(abs(a * d - b * c) ** -0.5 + 1e-9)
    if factor > 1:
        plane, back = _shrink(plane, invert(matrix), size, factor)
        matrix = matrix @ back
    return cv2.warpAffine(plane, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=black)


def _shrink(plane: Plane, inverse: Matrix, size: int, factor: int) -> tuple[Plane, Matrix]:
    """The part of a plane that the crop shows, `factor` times smaller, and the [3, 3] map back.

    `inverse`: crop → plane.
    """
    (y0, y1, rows), (x0, x1, columns) = (
        _cells(*_reach(line, size), limit, factor)
        for line, limit in zip(inverse.tolist()[::-1], plane.shape, strict=True)
    )
    small = cv2.resize(plane[y0:y1, x0:x1], (columns, rows), interpolation=cv2.INTER_AREA)
    across, down = (x1 - x0) / columns, (y1 - y0) / rows
    back = [[across, 0, x0 + (across - 1) / 2], [0, down, y0 + (down - 1) / 2], [0, 0, 1]]
    return small, np.array(back)


def _reach(line: list[float], size: int) -> tuple[float, float]:
    """Least and largest of a·x + b·y + c in the crop, `line` being a, b, c."""
    a, b, c = line
    return c + size * (min(a, 0) + min(b, 0)), c + size * (max(a, 0) + max(b, 0))


def _cells(low: float, high: float, limit: int, factor: int) -> tuple[int, int, int]:
    """First and last pixel and number of the cells of `factor` pixels around low…high within 0…limit."""
    start = int(min(max(low - 2 * factor, 0), max(limit - factor, 0)))
    stop = min(max(high + 2 * factor, start + 1), limit)
    number = math.ceil((stop - start) / factor)
    start = max(min(start, limit - number * factor), 0)
    return start, min(start + number * factor, limit), number
