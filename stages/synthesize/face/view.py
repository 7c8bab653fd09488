"""From canonical space to the picture and back: pose, mild perspective, and parallax by the smooth relief."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.names import FaceState
from stages.synthesize.face.space import Array, pixels, sample, sample_map

_DISTANCE = 10.0  # interocular units from camera to face, about 65 cm
_STEPS = 7


@dataclass(frozen=True)
class View:
    """Pose of one frame: rotation [3, 3], place and size in the picture, height of the origin."""

    rotation: NDArray[np.float64]
    centre: tuple[float, float]
    scale: float
    pivot: float


@dataclass(frozen=True)
class Region:
    """Rectangle of the picture: left, top, width, height in pixels.

    `step` is the spacing of its coarse nodes.
    """

    left: int
    top: int
    width: int
    height: int
    step: int

    @property
    def rows(self) -> slice:
        """Rows of the picture."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Columns of the picture."""
        return slice(self.left, self.left + self.width)


def rotation(state: FaceState) -> NDArray[np.float64]:
    """Rotation matrix of a state's yaw, then pitch, then roll."""
    yaw, pitch, roll = np.deg2rad([state.yaw, state.pitch, state.roll])
    c, s = np.cos, np.sin
    turn = np.array([[c(yaw), 0, s(yaw)], [0, 1, 0], [-s(yaw), 0, c(yaw)]])
    nod = np.array([[1, 0, 0], [0, c(pitch), s(pitch)], [0, -s(pitch), c(pitch)]])
    tilt = np.array([[c(roll), -s(roll), 0], [s(roll), c(roll), 0], [0, 0, 1]])
    return np.asarray(tilt @ nod @ turn)


def sample_height(smooth: Array, points: NDArray[np.floating]) -> Array:
    """Smooth relief at canonical `points` [n, 2]."""
    at = pixels(points).astype(np.float32)
    return sample(smooth, at[None, :, 0], at[None, :, 1])[0]


def project(view: View, smooth: Array, points: NDArray[np.floating]) -> Array:
    """Canonical points [n, 2] to picture pixels [n, 2]."""
    z = sample_height(smooth, points) - view.pivot
    turned = np.c_[points, z] @ view.rotation.T
    size = view.scale / (1 - turned[:, 2:] / _DISTANCE)
    return np.asarray(turned[:, :2] * size + view.centre, np.float32)


def region(view: View, bounds: tuple[float, float, float, float], shape: tuple[int, ...]) -> Region | None:
    """The part of a picture of `shape` that the canonical rectangle x0, y0, x1, y1 may cover, or None."""
    x0, y0, x1, y1 = bounds
    corners = np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (-0.5, 0.3)])
    seen = (corners @ view.rotation.T)[:, :2] * view.scale + view.centre
    step = max(2, int(view.scale / 14))
    left, top = np.maximum(np.floor(seen.min(0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(seen.max(0)) + 1, [shape[1], shape[0]]).astype(int)
    if right - left < 2 or bottom - top < 2:
        return None
    return Region(int(left), int(top), int(right - left), int(bottom - top), step)


def nodes(view: View, area: Region, smooth: Array) -> tuple[Array, Array]:
    """Canonical coordinates seen at a region's coarse nodes, two [h, w].

    Fixed-point steps along the relief.
    """
    across, down = -(-area.width // area.step), -(-area.height // area.step)
    x = ((np.arange(across) + 0.5) * area.step - 0.5 + area.left - view.centre[0]) / view.scale
    y = ((np.arange(down) + 0.5) * area.step - 0.5 + area.top - view.centre[1]) / view.scale
    px, py = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    r = view.rotation.astype(np.float32)
    inverse = np.linalg.inv(view.rotation[:2, :2]).astype(np.float32)
    u, v, z = (
        inverse[0, 0] * px + inverse[0, 1] * py,
        inverse[1, 0] * px + inverse[1, 1] * py,
        np.zeros_like(px),
    )
    for _ in range(_STEPS):
        seen = sample_map(smooth, u, v)
        z += np.float32(0.7) * (seen - np.float32(view.pivot) - z)
        near = 1 - (r[2, 0] * u + r[2, 1] * v + r[2, 2] * z) / np.float32(_DISTANCE)
        fx, fy = px * near - r[0, 2] * z, py * near - r[1, 2] * z
        u, v = inverse[0, 0] * fx + inverse[0, 1] * fy, inverse[1, 0] * fx + inverse[1, 1] * fy
    return u, v


def enlarge(coarse: Array, area: Region) -> Array:
    """Values at a region's coarse nodes [h, w, ...] to its pixels."""
    h, w = coarse.shape[:2]
    full = cv2.resize(coarse, (w * area.step, h * area.step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[: area.height, : area.width])
