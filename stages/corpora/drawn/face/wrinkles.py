"""Folds and bulges of the skin that come with each unit, as slopes and darkening to add to the face's own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.corpora.drawn.face.creases import Line, bulges, lines
from stages.corpora.drawn.face.identity import Identity
from stages.corpora.drawn.face.names import INDEX, UNITS
from stages.corpora.drawn.face.space import HEIGHT, SCALE, WIDTH, X, Array, blur, noise, smoothstep, spline, stroke

_DEEPEST = 0.5


@dataclass(frozen=True)
class Patch:
    """Change of (slope x, slope y, darkness) float32 [h, w, 3] at rows `top`, columns `left` of the texture."""

    top: int
    left: int
    change: Array


def wrinkles(identity: Identity, still: Array, rng: np.random.Generator) -> dict[tuple[int, int], Patch]:
    """Patches by (side, unit index); `still` is the mask of what does not wrinkle (hair), [HEIGHT, WIDTH]."""
    bend_x, bend_y = noise(rng, 14) * 1.4, noise(rng, 14) * 1.6
    broken = np.clip(0.8 + 0.4 * noise(rng, 9), 0.2, 1.25)
    columns, rows = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    right = smoothstep(-0.12, 0.12, X)
    patches: dict[tuple[int, int], Patch] = {}
    for name in UNITS:
        height = _height(identity, name)
        if height is None:
            continue
        folded = cv2.remap(height, columns + bend_x, rows + bend_y, cv2.INTER_LINEAR)
        folded *= broken * (1 - still) * np.float32(identity.folds[INDEX[name]])
        for side, share in ((0, 1 - right), (1, right)):
            patches[side, INDEX[name]] = _cut(folded, share)
    return patches


def _height(identity: Identity, name: str) -> Array | None:
    """Height change of a unit at intensity 1 for the average person."""
    height = np.zeros((HEIGHT, WIDTH), np.float32)
    found = False
    by_width: dict[float, list[Line]] = {}
    for line in lines(identity).get(name, ()):
        by_width.setdefault(line.width, []).append(line)
    for width, group in by_width.items():
        mask = np.zeros_like(height)
        for line in group:
            curve = spline(np.array(line.points))
            mask = np.maximum(mask, line.depth * stroke([curve, curve * [-1, 1]] if line.mirrored else [curve], width))
        sigma = width * SCALE * 0.7
        height += 0.95 * blur(mask, sigma * 2.6) - blur(mask, sigma)
        found = True
    for bulge in bulges(identity).get(name, ()):
        height += bulge
        found = True
    return height if found else None


def _cut(height: Array, share: Array) -> Patch:
    """The part of a height map that changes anything, as slopes and darkness."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=SCALE / 8) * share
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=SCALE / 8) * share
    hollow = np.clip(blur(height, 2.5) - height, -0.008, 0.1) * share
    change = np.dstack([slope_x, slope_y, hollow * np.float32(8.0)])
    strong = np.abs(change).max(-1) > 0.004
    rows, columns = np.nonzero(strong.any(1))[0], np.nonzero(strong.any(0))[0]
    if not len(rows):
        return Patch(0, 0, np.zeros((1, 1, 3), np.float32))
    top, left = int(rows[0]), int(columns[0])
    return Patch(top, left, np.ascontiguousarray(change[top : rows[-1] + 1, left : columns[-1] + 1]))


def add_wrinkles(surface: Array, patches: dict[tuple[int, int], Patch], units: Array) -> Array:
    """`surface` [HEIGHT, WIDTH, 4] (slope x, slope y, darkness, gloss) with the folds of `units` [2, len(UNITS)] added."""
    out = surface.copy()
    for side, unit in zip(*np.nonzero(units > 0.01)):
        patch = patches.get((int(side), int(unit)))
        if patch is None:
            continue
        h, w = patch.change.shape[:2]
        out[patch.top : patch.top + h, patch.left : patch.left + w, :3] += patch.change * units[side, unit]
    return out
