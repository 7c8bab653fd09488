"""Facial hair that moves with the skin: eyebrows, beard and stubble, as coverage over the skin's texture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import Points
from stages.synthesize.face.space import (
    AX,
    HEIGHT,
    WIDTH,
    Array,
    Y,
    blur,
    bump,
    noise,
    pixels,
    smoothstep,
    spline,
)

_FINE = 3  # strokes are drawn at this many times the texture's resolution


def brow_coverage(identity: Identity, points: Points, rng: np.random.Generator) -> Array:
    """Coverage 0..1 of both brows' hairs, [HEIGHT, WIDTH]."""
    top, left = 60, 20
    fine: NDArray[np.uint8] = np.zeros(((140 - top) * _FINE, (WIDTH - 2 * left) * _FINE), np.uint8)
    offset = np.array([left, top])
    for upper, lower in (
        (points[33:38], points[[33, 41, 40, 39, 38]]),
        (points[42:47][::-1], points[[46, 47, 48, 49, 50]]),
    ):
        base: NDArray[np.uint8] = np.zeros_like(fine)
        shape = np.vstack([spline(upper, 5), spline(lower, 5)[::-1]])
        cv2.fillPoly(base, [_fixed(shape, offset)], int(70 + 110 * identity.brows.density), cv2.LINE_AA, 4)
        base = np.asarray(cv2.GaussianBlur(base, (0, 0), 3.5), np.uint8)
        _hairs(base, upper, lower, identity.brows.density, offset, rng)
        fine = np.maximum(fine, base)
    small = (
        cv2.resize(fine, (WIDTH - 2 * left, 140 - top), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    )
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    coverage[top:140, left : WIDTH - left] = np.clip(small * (0.75 + 0.4 * identity.brows.density), 0, 0.95)
    return coverage


def _hairs(
    canvas: np.ndarray,
    upper: Points,
    lower: Points,
    density: float,
    offset: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Single hairs, upwards at the inner end and along the brow at the outer one."""
    outwards = (upper[0] - upper[4]) / np.hypot(*(upper[0] - upper[4]))
    for _ in range(int(60 + 120 * density)):
        t, v = rng.uniform(0, 3.999), rng.uniform(0.02, 1)
        k, f = int(t), t % 1
        root = (upper[k] * (1 - f) + upper[k + 1] * f) * (1 - v) + (lower[k] * (1 - f) + lower[k + 1] * f) * v
        along = outwards * 0.07 + np.array([0, -0.06 * t / 4 + 0.02 * (1 - t / 4)]) + rng.normal(0, 0.01, 2)
        a, b = _fixed(np.array([root - 0.35 * along, root + 0.6 * along]), offset)
        cv2.line(
            canvas, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), int(150 + 90 * density), 1, cv2.LINE_AA, 4
        )


def _fixed(points: Points, offset: np.ndarray) -> np.ndarray:
    return np.round(((pixels(points) - offset + 0.5) * _FINE - 0.5) * 16).astype(np.int32)


def beard_coverage(identity: Identity, rng: np.random.Generator) -> Array:
    """Coverage 0..1 of beard, moustache or stubble, [HEIGHT, WIDTH]."""
    beard, mouth = identity.beard, identity.mouth
    if max(beard.chin, beard.moustache) < 0.02:
        return np.zeros((HEIGHT, WIDTH), np.float32)
    goatee = beard.length > 0 and identity.seed % 3 == 0
    jaw = smoothstep(0.4, 0.62, AX + 0.42 * smoothstep(mouth.y - 0.3, mouth.y + 0.05, Y)) * smoothstep(
        0.35, 0.8, Y
    )
    if goatee:
        jaw = smoothstep(0.5, 0.4, AX) * smoothstep(mouth.y + 0.1, mouth.y + 0.25, Y)
    below = smoothstep(mouth.y + mouth.lower + 0.04, mouth.y + mouth.lower + 0.2, Y)
    lip = (
        bump(0, mouth.y - mouth.upper - 0.075, 0.27, 0.055)
        * 1.3
        * smoothstep(mouth.y + 0.1, mouth.y - 0.02, Y)
    )
    cover = np.clip(
        np.maximum(jaw, below * smoothstep(0.9, 0.6, AX)) * beard.chin + np.clip(lip, 0, 1) * beard.moustache,
        0,
        1,
    )
    bare = bump(0, mouth.y + 0.02, mouth.half * 0.8, 0.075)
    cover = blur(np.asarray(cover * (1 - np.clip(1.3 * bare, 0, 1)), np.float32), 2.5)
    grain = np.clip(0.8 + 0.2 * noise(rng, 1.5, 1 + 2 * beard.length) + 0.1 * noise(rng, 6), 0.2, 1.1)
    return np.asarray(np.clip(cover * grain, 0, 0.55 + 0.4 * beard.length), np.float32)
