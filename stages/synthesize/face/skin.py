"""Skin colour over the canonical plane: base tone, redness, mottling, freckles, shadows under the eyes."""

from __future__ import annotations

import numpy as np

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.relief import Relief
from stages.synthesize.face.space import (
    HEIGHT,
    WIDTH,
    Array,
    blur,
    both,
    bump,
    fill,
    fractal,
    noise,
    pair,
    rgb,
    stroke,
)

_BLOOD = np.array([-0.06, 0.34, 0.3], np.float32)
_AGE_SPOTS = np.array([0.5, 0.9, 1.0], np.float32)


def albedo(identity: Identity, relief: Relief, rng: np.random.Generator) -> Array:
    """Linear RGB of the bare skin, float32 [HEIGHT, WIDTH, 3].

    Hollows are darkened here, not by the light.
    """
    skin = identity.skin
    colour = np.ones((HEIGHT, WIDTH, 3), np.float32) * rgb(skin.colour)
    colour *= 1 - _redness(identity)[..., None] * _BLOOD
    mottle = fractal(rng, 40, 4) * np.float32(0.035 + 0.035 * skin.texture)
    colour *= 1 + mottle[..., None] * np.array([0.6, 1, 1], np.float32)
    colour *= 1 + (_pores(skin.texture, rng) + _spots(identity, rng))[..., None] * _AGE_SPOTS
    colour *= 1 - _shadows(identity)[..., None] * np.array([0.8, 1, 0.95], np.float32)
    colour *= _nostrils(identity)[..., None]
    return np.asarray(np.clip(colour * _occlusion(relief)[..., None], 0.004, 0.95), np.float32)


def grain(identity: Identity, rng: np.random.Generator) -> Array:
    """Small bumps of the skin's surface to add to the relief, interocular units."""
    return fractal(rng, 5, 2) * np.float32(0.0003 + 0.0009 * identity.skin.texture)


def _redness(identity: Identity) -> Array:
    base, chin = identity.nose.base, identity.skull.chin
    zones = (
        0.8 * pair(0.62, 0.5, 0.27, 0.22)
        + 0.8 * bump(0, base - 0.15, 0.16, 0.12)
        + 0.3 * bump(0, chin - 0.2, 0.2, 0.12)
    )
    return np.clip(zones, 0, 1) * np.float32(0.5 * identity.skin.redness * (1 - 0.6 * identity.skin.tone))


def _pores(strength: float, rng: np.random.Generator) -> Array:
    fine = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    return (0.02 + 0.03 * strength) * fine + 0.03 * strength * noise(rng, 2.5)


def _spots(identity: Identity, rng: np.random.Generator) -> Array:
    skin = identity.skin
    spots = np.zeros((HEIGHT, WIDTH), np.float32)
    if skin.freckles:
        spots -= (
            0.28
            * skin.freckles
            * blur((noise(rng, 3) > 1.5).astype(np.float32), 0.6)
            * bump(0, 0.4, 0.75, 0.3)
        )
    if skin.age > 0.6:
        spots -= 0.2 * (skin.age - 0.5) * blur((noise(rng, 6) > 2.0).astype(np.float32), 1.2)
    for _ in range(int(rng.poisson(1.2))):
        spots -= 0.5 * bump(rng.uniform(-0.9, 0.9), rng.uniform(-0.8, 1.5), 0.016, 0.016)
    return spots


def _shadows(identity: Identity) -> Array:
    eyes, nose, mouth = identity.eyes, identity.nose, identity.mouth
    under = both([[0.27, 0.11], [0.45, 0.16], [0.66, 0.12]])
    shade = (0.08 + 0.22 * eyes.bags) * blur(stroke(under, 0.07), 3) + 0.2 * max(0.0, eyes.depth) * pair(
        0.46, -0.1, 0.22, 0.08
    )
    wing = both(
        [
            [nose.half * 1.02, nose.base - 0.2],
            [nose.half * 1.1, nose.base - 0.09],
            [nose.half * 0.95, nose.base - 0.02],
        ]
    )
    shade += 0.25 * blur(stroke(wing, 0.02), 1.0) + 0.2 * bump(0, nose.base + 0.0, 0.6 * nose.half, 0.03)
    beside = both(
        [[nose.half + 0.03, nose.base - 0.1], [0.4, mouth.y - 0.22], [mouth.half + 0.1, mouth.y - 0.02]]
    )
    return np.asarray(
        shade + (0.05 + 0.3 * identity.skin.creases**1.5) * blur(stroke(beside, 0.02), 1.6), np.float32
    )


def _nostrils(identity: Identity) -> Array:
    nose = identity.nose
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    x, y = (
        0.43 * nose.half + 0.2 * nose.half * np.cos(angle),
        nose.base - 0.04 - 0.5 * nose.upturn + 0.02 * nose.nostril * np.sin(angle),
    )
    hole = fill(np.c_[x, y - 0.016 * np.cos(angle)])
    hole = np.maximum(hole, hole[:, ::-1])
    return np.asarray(1 - np.clip(0.5 + 0.35 * nose.nostril, 0, 0.9) * blur(hole, 1.0), np.float32)


def _occlusion(relief: Relief) -> Array:
    height = blur(relief.height, 1.0)
    near, far = blur(height, 7) - height, blur(height, 16) - height
    shade = 1 - 1.5 * np.clip(near, -0.03, 0.25) - 0.9 * np.clip(far, -0.04, 0.3)
    inside = relief.head > 0.5
    return np.asarray(np.where(inside, np.clip(shade, 0.4, 1.1), np.float32(0.95)), np.float32)
