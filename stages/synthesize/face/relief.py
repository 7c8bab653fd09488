"""Height of a face above the canonical plane, in interocular units."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import CONTOUR, Points
from stages.synthesize.face.space import (
    AX,
    SCALE,
    Array,
    X,
    Y,
    blur,
    both,
    bump,
    fill,
    pair,
    smoothstep,
    stroke,
)


@dataclass(frozen=True)
class Relief:
    """`height` for shading, `smooth` for parallax, masks of head and ears; float32 [HEIGHT, WIDTH]."""

    height: Array
    smooth: Array
    head: Array
    ears: Array


def relief(identity: Identity, points: Points) -> Relief:
    """Head, features and age folds as one height map."""
    head = fill(outline(points))
    ears = _ears(identity, points) * (1 - head)
    rim = np.asarray(cv2.distanceTransform((head > 0.5).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    rim = np.asarray(rim / SCALE, np.float32)
    height = _bones(identity, rim) + _soft(identity) + _nose(identity) + _folds(identity)
    smooth = blur(height, 3.0)
    beside = np.float32(0.08) + 0.1 * blur(ears, 2.0)
    height = np.where(head > 0.5, height, np.where(ears > 0, beside, height))
    return Relief(blur(height, 0.7), smooth, blur(head, 0.8), blur(ears, 0.7))


def outline(points: Points) -> Points:
    """Closed outline of the head: the contour's points and the skull above them, [n, 2]."""
    side = points[32, 0]
    return np.vstack([spread(points[CONTOUR]), skull_line(side * 1.04, 1.6)])


def skull_line(half: float, rise: float) -> Points:
    """Upper half of a head from right to left, [n, 2]: a superellipse, wider than an oval."""
    angle = np.linspace(0, np.pi, 42)[1:-1]
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    return np.c_[half * across, -0.12 - rise * np.sin(angle) ** 0.82]


def spread(contour: Points) -> Points:
    """The skin's edge lies a little outside the contour's points."""
    return contour + np.c_[np.sign(contour[:, 0]) * 0.012, np.full(len(contour), 0.01)]


def _ears(identity: Identity, points: Points) -> Array:
    angle = np.linspace(0, 2 * np.pi, 24)
    size = identity.skull.ear
    ear = np.c_[points[32, 0] + 0.02 + 0.12 * size * np.cos(angle), 0.2 + 0.32 * size * np.sin(angle)]
    return fill(ear) + fill(ear * [-1, 1])


def _bones(identity: Identity, rim: Array) -> Array:
    skull, eyes, brow = identity.skull, identity.eyes, identity.brows.y
    height = 0.95 * np.clip(1 - np.abs(X / 1.5) ** 2.3 - np.abs((Y - 0.05) / 2.4) ** 2.4, 0, 1) ** 0.6
    height = height - 0.42 * blur(
        (1 - smoothstep(0, 1, rim / 0.55)) ** 1.5, 5.0
    )  # no crease where distances to two edges meet
    height += 0.06 * bump(0, -0.85, 0.65, 0.33)
    height += skull.brow_ridge * (
        0.05 * pair(0.42, brow + 0.03, 0.26, 0.085) + 0.035 * bump(0, brow + 0.05, 0.14, 0.1)
    )
    height -= eyes.depth * (
        0.11 * pair(0.44, -0.04, 0.22, 0.15) + 0.07 * pair(0.2, 0.0, 0.08, 0.11)
    ) + 0.02 * pair(0.5, 0.14, 0.2, 0.05)
    height += 0.075 * pair(0.5, -0.01, 0.16, 0.1)
    height += 0.1 * skull.cheekbone * pair(0.68, 0.36, 0.25, 0.2)
    height += (0.1 + 0.02 * skull.chin_width) * bump(0, skull.chin - 0.2, 0.21 * skull.chin_width, 0.13)
    return np.asarray(height, np.float32)


def _soft(identity: Identity) -> Array:
    mouth, fat = identity.mouth, identity.skull.fat
    height = 0.1 * bump(0, mouth.y - 0.02, 0.36, 0.22) - 0.016 * bump(0, mouth.y - 0.24, 0.035, 0.07)
    height += 0.012 * pair(0.07, mouth.y - 0.22, 0.03, 0.07) - 0.065 * bump(
        0, mouth.y + 0.1 + mouth.lower * 1.2, 0.2, 0.05
    )
    height += (0.07 * fat - 0.05) * pair(0.6, 0.85, 0.22, 0.25) + 0.05 * max(fat, 0) * pair(
        0.55, 1.4, 0.2, 0.2
    )
    height += 0.06 * identity.skin.age * pair(0.62, 1.35, 0.13, 0.12)
    return np.asarray(height, np.float32)


def _nose(identity: Identity) -> Array:
    nose = identity.nose
    along = np.clip((Y + 0.12) / (nose.base + 0.07), 0, 1)
    ridge = 0.055 * nose.bridge + (0.37 * nose.height - 0.055 * nose.bridge) * along**1.3
    ridge += 0.045 * nose.hump * np.exp(-(((along - 0.45) / 0.16) ** 2))
    half = nose.bridge_width * (0.085 + 0.03 * along) + 0.06 * nose.tip * smoothstep(0.68, 0.95, along)
    edge = nose.base - 0.01 - 0.6 * nose.upturn - 0.3 * np.minimum(AX, 0.3)
    body = (
        ridge
        * np.exp(-0.5 * (AX / half) ** 2)
        * (1 - smoothstep(-0.09, 0.05, Y - edge))
        * smoothstep(-0.3, 0.05, Y)
    )
    body += 0.1 * nose.tip * bump(0, nose.base - 0.14 - 0.6 * nose.upturn, 0.1 * nose.tip, 0.08)
    body += 0.15 * pair(nose.half * 0.72, nose.base - 0.1, 0.25 * nose.half, 0.06)
    return np.asarray(body, np.float32)


def _folds(identity: Identity) -> Array:
    """Folds beside the nose, under the eyes and at the mouth's corners that age and weight leave at rest."""
    nose, mouth, age = identity.nose, identity.mouth, identity.skin.creases
    beside = both(
        [[nose.half + 0.03, nose.base - 0.1], [0.4, mouth.y - 0.22], [mouth.half + 0.1, mouth.y - 0.02]]
    )
    below = both([[0.27, 0.13], [0.45, 0.2], [0.66, 0.18]])
    corner = both(
        [
            [mouth.half + 0.03, mouth.y + 0.06],
            [mouth.half + 0.06, mouth.y + 0.2],
            [mouth.half + 0.02, mouth.y + 0.34],
        ]
    )
    height = -(0.006 + 0.045 * age**1.5) * blur(stroke(beside, 0.03), 2.2) * 1.6
    height -= 0.04 * identity.eyes.bags * blur(stroke(below, 0.03), 2.0) - 0.022 * identity.eyes.bags * pair(
        0.47, 0.13, 0.16, 0.035
    )
    height -= 0.04 * max(0.0, age - 0.35) * blur(stroke(corner, 0.03), 1.8)
    return np.asarray(height, np.float32)
