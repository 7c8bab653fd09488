"""Hair of the head over the canonical plane: a layer of its own that does not move with the skin."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.synthesize.face.identity import Hair, Identity
from stages.synthesize.face.landmarks import Points
from stages.synthesize.face.relief import skull_line
from stages.synthesize.face.space import (
    HEIGHT,
    WIDTH,
    Array,
    X,
    Y,
    blur,
    fill,
    noise,
    rgb,
    sample,
    smoothstep,
    spline,
)

_VOLUME = {
    "bald": 0.0,
    "crop": 0.045,
    "short": 0.11,
    "receding": 0.07,
    "side": 0.14,
    "fringe": 0.15,
    "bob": 0.17,
    "long": 0.15,
    "curly": 0.24,
    "afro": 0.42,
    "tied": 0.05,
    "scarf": 0.13,
}


@dataclass(frozen=True)
class HairLayer:
    """Linear RGB and coverage [HEIGHT, WIDTH, 4], and the shadow it casts on the skin [HEIGHT, WIDTH]."""

    layer: Array
    shadow: Array


def hair_layer(identity: Identity, points: Points, rng: np.random.Generator) -> HairLayer:
    """The hair in front of and above the head."""
    hair = identity.hair
    if hair.style == "bald":
        return HairLayer(np.zeros((HEIGHT, WIDTH, 4), np.float32), np.zeros((HEIGHT, WIDTH), np.float32))
    side = float(points[32, 0])
    mask = np.maximum(_cap(hair, side, identity.brows.y - identity.brows.arch, rng), _sides(hair, side, rng))
    mask = _ragged(mask, hair, rng) * smoothstep(2.36, 2.05, Y)  # no edge where the map ends
    strands = _strands(hair, rng)
    colour = rgb(hair.colour) * np.clip(1 + 0.34 * strands, 0.3, 1.9)[..., None]
    shadow = np.clip(np.roll(blur(mask, 6), 5, 0) - mask, 0, 1)
    return HairLayer(np.dstack([colour, mask]).astype(np.float32), np.asarray(0.4 * shadow, np.float32))


def _cap(hair: Hair, side: float, brow: float, rng: np.random.Generator) -> Array:
    """Scalp hair above the hairline."""
    volume = _VOLUME[hair.style] * hair.volume
    x = np.linspace(-1, 1, 25) * (side + 0.03)
    line = (
        hair.line + 0.14 * np.abs(x - 0.3 * hair.part) ** 1.5 + 0.75 * smoothstep(0.62, 1.0, np.abs(x) / side)
    )
    if hair.style == "receding":
        line = line - (0.3 + 0.35 * hair.temples) * smoothstep(0.75, 0.15, np.abs(x)) - 0.12 * hair.temples
        line = line - 0.2 * np.exp(-(((np.abs(x) - 0.55) / 0.2) ** 2))
    if hair.style == "fringe":
        line = np.maximum(line, np.minimum(brow - 0.1 - 0.14 * hair.length + 0.1 * np.abs(x), 0.2))
    if hair.style == "side":
        sweep = np.sign(hair.part or 1.0) * x
        line = line + 0.3 * np.exp(-(((sweep - 0.15) / 0.42) ** 2)) * (0.4 + 0.6 * hair.length)
        line = np.minimum(line, np.maximum(brow - 0.12, hair.line))
    if hair.style not in ("scarf", "tied"):
        line = line + 0.025 * rng.standard_normal(25)
    top = skull_line(side * 1.04 + 0.75 * volume, 1.6 + volume)
    return fill(np.vstack([top, np.c_[x, line]]))


def _sides(hair: Hair, side: float, rng: np.random.Generator) -> Array:
    """Hair that hangs beside the face."""
    if hair.style not in ("bob", "long", "curly", "afro", "scarf", "fringe"):
        return np.zeros((HEIGHT, WIDTH), np.float32)
    volume = _VOLUME[hair.style] * hair.volume
    end = {
        "bob": 0.9 + 0.7 * hair.length,
        "long": 2.4,
        "curly": 1.0 + 1.2 * hair.length,
        "afro": 0.45,
        "scarf": 2.4,
        "fringe": 0.6 + 1.8 * hair.length,
    }[hair.style]
    inner = side * (0.9 if hair.style == "scarf" else rng.uniform(0.84, 1.0))
    shape = spline(
        np.array(
            [
                [inner + 0.02, -0.35],
                [inner, 0.2],
                [inner - 0.05, 0.8],
                [inner - 0.14 - 0.1 * (hair.style == "scarf"), 1.3],
                [inner - 0.2, end],
                [side + volume, end],
                [side + volume + 0.06, 0.8],
                [side + volume, 0.0],
                [side + 0.6 * volume, -0.5],
            ]
        ),
        4,
    )
    return np.maximum(fill(shape), fill(shape * [-1, 1]))


def _ragged(mask: Array, hair: Hair, rng: np.random.Generator) -> Array:
    """Roughens the edge: curls in clumps, straight hair in strands."""
    if hair.style == "scarf":
        return blur(mask, 0.8)
    columns, rows = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    size = np.float32(0.8 + 4.5 * hair.curl**2)
    moved = sample(
        mask, columns + noise(rng, 5) * size, rows + noise(rng, 2.5, 2) * np.float32(1.8 + 2 * hair.curl)
    )
    soft = blur(np.asarray(moved, np.float32), 2.4 if hair.style in ("crop", "receding") else 1.2)
    thin = 0.78 if hair.style == "crop" else 0.97
    return np.asarray(np.clip(soft * (1.35 + 0.15 * noise(rng, 1.6, 3)), 0, 1) * thin, np.float32)


def _strands(hair: Hair, rng: np.random.Generator) -> Array:
    """Light and dark strands: along lines from the parting when straight, in clumps when curled."""
    if hair.style == "scarf":
        return np.asarray(0.35 * noise(rng, 40, 0.4) + 0.05 * noise(rng, 2), np.float32)
    fall = np.maximum(1.3 - Y, 0.9)  # from the crown strands part towards the sides, where they hang
    angle = np.arctan2(X - 0.5 * hair.part * smoothstep(0.0, -1.0, Y), fall)
    radius = np.hypot(X - 0.5 * hair.part, Y + 1.2)
    comb = 0.7 * noise(rng, 1.5, 40, (160, 900)) + 0.6 * noise(rng, 5, 30, (160, 900))
    straight = sample(comb, (angle + np.pi) * 140, radius * 30 + 10 * noise(rng, 30), cv2.BORDER_REFLECT)
    curls, curl = noise(rng, 3.2) * 0.5 + noise(rng, 7) * 0.6, float(smoothstep(0.35, 0.9, hair.curl))
    sheen = 0.5 * hair.shine * np.exp(-(((radius - 0.35) / 0.12) ** 2)) * (1 - hair.curl)
    mixed = (1 - curl) * straight + curl * curls + 0.4 * noise(rng, 24) + sheen
    return np.asarray(mixed, np.float32)
