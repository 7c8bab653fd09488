"""Canonical face space: the flat map in which a face's textures, relief and movements are kept.

Units are interocular distances (distance between the pupils = 1); the origin lies between the eyes, x runs
to the right of the image, y down, z to the viewer. Textures have `SCALE` pixels a unit, displacement fields
`COARSE`.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SCALE = 60
COARSE = 12
X0, X1, Y0, Y1 = -1.75, 1.75, -2.35, 2.4
WIDTH, HEIGHT = round((X1 - X0) * SCALE), round((Y1 - Y0) * SCALE)
_XS = ((np.arange(WIDTH) + 0.5) / SCALE + X0).astype(np.float32)
_YS = ((np.arange(HEIGHT) + 0.5) / SCALE + Y0).astype(np.float32)
X, Y = np.meshgrid(_XS, _YS)
AX = np.abs(X)


def coarse_grid() -> tuple[Array, Array]:
    """Coordinates of the displacement fields' nodes, two float32 [h, w]."""
    xs = (np.arange(round((X1 - X0) * COARSE)) + 0.5) / COARSE + X0
    ys = (np.arange(round((Y1 - Y0) * COARSE)) + 0.5) / COARSE + Y0
    gx, gy = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
    return gx, gy


def bump(cx: float, cy: float, sx: float, sy: float) -> Array:
    """Gaussian of height 1 over the texture grid, float32 [HEIGHT, WIDTH]."""
    along = np.exp(-0.5 * ((_XS - cx) / sx) ** 2)
    down = np.exp(-0.5 * ((_YS - cy) / sy) ** 2)
    return np.asarray(np.outer(down, along), np.float32)


def pair(cx: float, cy: float, sx: float, sy: float) -> Array:
    """A Gaussian on each side of the face, float32 [HEIGHT, WIDTH]."""
    return bump(cx, cy, sx, sy) + bump(-cx, cy, sx, sy)


def smoothstep(low: float, high: float, value: NDArray[np.floating] | float) -> Array:
    """Hermite step from 0 at `low` to 1 at `high`."""
    t = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blur(image: Array, sigma: float) -> Array:
    """Gaussian blur with `sigma` in texture pixels."""
    return np.asarray(cv2.GaussianBlur(np.ascontiguousarray(image, np.float32), (0, 0), sigma), np.float32)


def rgb(colour: tuple[float, float, float]) -> Array:
    """A colour as float32 [3]."""
    return np.asarray(colour, np.float32)


def sample(
    image: Array, x: NDArray[np.floating], y: NDArray[np.floating], edge: int = cv2.BORDER_REPLICATE
) -> Array:
    """Bilinear reading of `image` at pixel positions `x`, `y`."""
    at_x, at_y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return np.asarray(cv2.remap(image, at_x, at_y, cv2.INTER_LINEAR, borderMode=edge), np.float32)


def sample_map(
    image: Array, u: Array, v: Array, scale: float = SCALE, edge: int = cv2.BORDER_REPLICATE
) -> Array:
    """Bilinear reading of a map of the whole face space, of `scale` pixels a unit, at canonical `u`, `v`."""
    half = np.float32(0.5)
    return sample(
        image,
        (u - np.float32(X0)) * np.float32(scale) - half,
        (v - np.float32(Y0)) * np.float32(scale) - half,
        edge,
    )


def noise(
    rng: np.random.Generator, cell: float, stretch: float = 1.0, shape: tuple[int, int] = (HEIGHT, WIDTH)
) -> Array:
    """Smooth Gaussian noise; grain `cell` pixels wide and `cell * stretch` high."""
    h, w = shape
    seed = rng.standard_normal((max(3, int(h / cell / stretch) + 2), max(3, int(w / cell) + 2)))
    return np.asarray(cv2.resize(seed.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC), np.float32)


def fractal(
    rng: np.random.Generator, cell: float, octaves: int, shape: tuple[int, int] = (HEIGHT, WIDTH)
) -> Array:
    """Sum of `octaves` noises, each of half the grain and 0.55 of the strength of the one before."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += noise(rng, max(cell / 2**octave, 1.5), shape=shape) * np.float32(0.55**octave)
    return total


def spline(points: NDArray[np.floating], steps: int = 6, closed: bool = False) -> NDArray[np.float64]:
    """Catmull-Rom curve through `points` [n, 2], `steps` samples a span."""
    return _catmull_rom(len(points), steps, closed) @ np.asarray(points, np.float64)


@lru_cache(maxsize=64)
def _catmull_rom(count: int, steps: int, closed: bool) -> NDArray[np.float64]:
    """Matrix that takes `count` knots to the samples of the curve through them."""
    knots = np.eye(count)
    if closed:
        knots = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        knots = np.vstack([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = (np.arange(steps) / steps)[:, None, None]
    a, b, c, d = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    spans = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - 3 * c + d - a) * t**3)
    samples = spans.transpose(1, 0, 2).reshape(-1, count)
    return samples if closed else np.vstack([samples, np.eye(count)[-1:]])


def pixels(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Canonical coordinates [..., 2] to texture pixels (pixel centres at integers)."""
    return (np.asarray(points, np.float64) - [X0, Y0]) * SCALE - 0.5


def fill(polygon: NDArray[np.floating]) -> Array:
    """Anti-aliased mask 0..1 of a polygon [n, 2] in canonical coordinates."""
    mask = np.zeros((HEIGHT * 2, WIDTH * 2), np.uint8)
    cv2.fillPoly(mask, [_fixed(polygon)], 255, cv2.LINE_AA, 4)
    return _half(mask)


def stroke(lines: list[NDArray[np.floating]], width: float) -> Array:
    """Anti-aliased mask 0..1 of open polylines [n, 2]; `width` in interocular units."""
    mask = np.zeros((HEIGHT * 2, WIDTH * 2), np.uint8)
    thick = max(1, round(width * SCALE * 2))
    cv2.polylines(mask, [_fixed(line) for line in lines], False, 255, thick, cv2.LINE_AA, 4)
    return _half(mask)


def both(line: NDArray[np.floating] | list[list[float]]) -> list[NDArray[np.floating]]:
    """A line [n, 2] of the right half of the image and its mirror image, smoothed."""
    curve = spline(np.asarray(line, np.float64))
    return [curve, curve * [-1, 1]]


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    return np.round((pixels(points) * 2 + 0.5) * 16).astype(np.int32)


def _half(mask: NDArray[np.uint8]) -> Array:
    return cv2.resize(mask, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(
        255
    )
