"""Folds and bulges of the skin that come with each unit, as slopes and darkening to add to the face's own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.synthesize.face.creases import Line, bulges, lines
from stages.synthesize.face.identity import Identity
from stages.synthesize.face.names import INDEX
from stages.synthesize.face.space import (
    HEIGHT,
    SCALE,
    WIDTH,
    Array,
    X,
    blur,
    noise,
    sample,
    smoothstep,
    spline,
    stroke,
)

_DEEPEST = 0.5


@dataclass(frozen=True)
class Patch:
    """Change of slope x, slope y and darkness, [h, w, 3], from row `top` and column `left` of the texture."""

    top: int
    left: int
    change: Array


def wrinkles(identity: Identity, still: Array, rng: np.random.Generator) -> dict[tuple[int, int], Patch]:
    """Patches by (side, unit index); `still` is the mask of what does not wrinkle (hair), [HEIGHT, WIDTH]."""
    bend_x, bend_y = noise(rng, 26) * 1.8, noise(rng, 26) * 1.8
    broken = np.clip(0.85 + 0.25 * noise(rng, 16), 0.3, 1.2)
    columns, rows = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    right = smoothstep(-0.12, 0.12, X)
    patches: dict[tuple[int, int], Patch] = {}
    folds, masses = lines(identity, rng), bulges(identity)
    for name in sorted(folds.keys() | masses.keys(), key=INDEX.__getitem__):
        furrows = _furrows(folds.get(name, []))
        folded = sample(furrows, columns + bend_x, rows + bend_y) * broken
        folded = (folded + sum(masses.get(name, []))) * (1 - still) * np.float32(identity.folds[INDEX[name]])
        for side, share in ((0, 1 - right), (1, right)):
            patches[side, INDEX[name]] = _cut(folded, share)
    return patches


def _furrows(lines: list[Line]) -> Array:
    """Height change of a unit's furrows at intensity 1 for the average person: valleys between low ridges."""
    height = np.zeros((HEIGHT, WIDTH), np.float32)
    by_width: dict[float, list[Line]] = {}
    for line in lines:
        by_width.setdefault(line.width, []).append(line)
    for width, group in by_width.items():
        mask = np.zeros_like(height)
        for line in group:
            curve = spline(np.array(line.points))
            mask = np.maximum(
                mask, line.depth * stroke([curve, curve * [-1, 1]] if line.mirrored else [curve], width)
            )
        sigma = width * SCALE * 0.7
        height += 0.7 * blur(mask, sigma * 2.6) - blur(mask, sigma)
    return height


def _cut(height: Array, share: Array) -> Patch:
    """The part of a height map that changes anything, as slopes and darkness."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=SCALE / 8) * share
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=SCALE / 8) * share
    hollow = np.clip(blur(height, 2.5) - height, -0.008, 0.1) * share
    change = np.dstack([slope_x, slope_y, hollow * np.float32(8.0)])
    strong = (slope_x * slope_x + slope_y * slope_y + hollow * hollow > 1e-5).astype(np.uint8)
    left, top, w, h = cv2.boundingRect(strong)
    return Patch(top, left, np.ascontiguousarray(change[top : top + h, left : left + w]))


def add_wrinkles(surface: Array, patches: dict[tuple[int, int], Patch], units: Array) -> Array:
    """`surface` [HEIGHT, WIDTH, 4] with the folds of `units` [2, len(UNITS)] added."""
    out = surface.copy()
    for side, unit in np.argwhere(units > 0.01):
        patch = patches.get((int(side), int(unit)))
        if patch is None:
            continue
        h, w = patch.change.shape[:2]
        out[patch.top : patch.top + h, patch.left : patch.left + w, :3] += patch.change * units[side, unit]
    return out
