"""Crops cut out of the planes of a decoded frame: only their own pixels are ever turned into RGB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.media.align import SIZE, TEMPLATE, Matrix, invert, similarity, transform
from stages.media.decode import Frame, Plane


def warp_face(frame: Frame, points: NDArray[np.floating]) -> np.ndarray:
    """The face whose five points are given, as RGB [112, 112, 3]; black outside the picture."""
    return warp(frame, similarity(points, TEMPLATE), SIZE)


def warp(frame: Frame, matrix: Matrix, size: int) -> np.ndarray:
    """RGB [size, size, 3] seen through `matrix` (frame → crop), bilinear; only these pixels become RGB.

    A picture that shrinks by two or more is averaged down first: bilinear sampling alone would flicker.
    """
    luma = frame.planes[0]
    crops = [
        _warp_plane(plane, matrix @ _to_luma(plane, luma), size, black)
        for plane, black in zip(frame.planes, frame.black, strict=True)
    ]
    return cv2.transform(cv2.merge(crops), frame.to_rgb)


def _to_luma(plane: Plane, luma: Plane) -> Matrix:
    """[3, 3] map from a plane's pixels to luma pixels: chroma sits left, and half way down (H.264, E.2.1)."""
    across, down = round(luma.shape[1] / plane.shape[1]), round(luma.shape[0] / plane.shape[0])
    return np.array([[across, 0, 0], [0, down, (down - 1) / 2], [0, 0, 1]])


def _warp_plane(plane: Plane, matrix: Matrix, size: int, black: int) -> Plane:
    shrink = int(1 / np.sqrt(np.linalg.det(matrix[:, :2])) + 1e-9)
    if shrink > 1:
        plane, back = _shrink(plane, matrix, size, shrink)
        matrix = matrix @ back
    return cv2.warpAffine(plane, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=black)


def _shrink(plane: Plane, matrix: Matrix, size: int, factor: int) -> tuple[Plane, Matrix]:
    """The part of a plane that the crop shows, `factor` times smaller, and the [3, 3] map back."""
    corners = transform(invert(matrix), np.array([[0, 0], [size, 0], [0, size], [size, size]]))
    limit = np.array(plane.shape[::-1])
    low = np.clip(corners.min(0) - 2 * factor, 0, limit).astype(int) // factor * factor
    high = np.clip(corners.max(0) + 2 * factor, 0, limit).astype(int)
    cells = np.maximum(-(-(high - low) // factor), 1)
    low = np.minimum(low, np.maximum(limit - cells * factor, 0))
    part = plane[low[1] : low[1] + cells[1] * factor, low[0] : low[0] + cells[0] * factor]
    small = cv2.resize(part, (int(cells[0]), int(cells[1])), interpolation=cv2.INTER_AREA)
    scale = np.array(part.shape[::-1]) / cells
    offset = (scale - 1) / 2 + low
    return small, np.array([[scale[0], 0, offset[0]], [0, scale[1], offset[1]], [0, 0, 1]])
