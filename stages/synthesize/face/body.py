"""Neck, shoulders, clothes and the hair behind them: a flat layer that follows the head's place."""

from __future__ import annotations

import cv2
import numpy as np

from stages.synthesize.face.compose import lay
from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import Points
from stages.synthesize.face.light import Light
from stages.synthesize.face.space import Array, noise, rgb, smoothstep
from stages.synthesize.face.view import View

_SCALE, _LEFT, _TOP, _WIDE, _HIGH = 30, -4.5, -2.6, 9.0, 7.6
_NECK = (0.85, 0.35)  # depth of the neck's axis behind the eyes, as it shows in turning and in nodding
_SHAPE = (int(_HIGH * _SCALE), int(_WIDE * _SCALE))


class Body:
    """A person's body below the head; drawn before the head."""

    def __init__(self, identity: Identity, points: Points, rng: np.random.Generator) -> None:
        h, w = _SHAPE
        x = np.broadcast_to(((np.arange(w) + 0.5) / _SCALE + _LEFT)[None], _SHAPE).astype(np.float32)
        y = np.broadcast_to(((np.arange(h) + 0.5) / _SCALE + _TOP)[:, None], _SHAPE).astype(np.float32)
        side = float(points[32, 0])
        layer = np.zeros((h, w, 4), np.float32)
        _over(layer, *_back_hair(identity, side, x, y, rng))
        half = side * (0.72 if identity.female else 0.86) + 0.08 * max(0.0, identity.skull.fat)
        _over(layer, *_neck(identity, half, x, y))
        _over(layer, *_clothes(identity, x, y, rng))
        self._layer = layer
        self._turn = np.clip(x / (half + 0.15), -0.9, 0.9) * smoothstep(2.6, 2.2, y)
        self._lit: tuple[Light, Array] | None = None
        self._below = smoothstep(identity.skull.chin - 0.1, identity.skull.chin + 0.75, y + 0.12 * np.abs(x))

    def draw(self, canvas: Array, light: Light, gain: float, view: View) -> None:
        """Paints onto `canvas` (linear RGB float32 [H, W, 3]); `gain` is the camera's.

        The head turns about the neck: as the face goes to one side, the neck stays behind.
        """
        k = view.scale / _SCALE
        x = view.centre[0] + view.scale * (_LEFT - _NECK[0] * view.rotation[0, 2])
        y = view.centre[1] + view.scale * (_TOP - _NECK[1] * view.rotation[1, 2])
        matrix = np.array([[k, 0, x + 0.5 * k - 0.5], [0, k, y + 0.5 * k - 0.5]])
        seen = np.asarray(
            cv2.warpAffine(self._under(light, gain), matrix, (canvas.shape[1], canvas.shape[0])), np.float32
        )
        lay(canvas, seen, np.ones(seen.shape[:2], np.float32))

    def _under(self, light: Light, gain: float) -> Array:
        """The layer as lit, colour multiplied by coverage; kept while the light stays the same."""
        if self._lit is not None and self._lit[0] == light:
            return self._lit[1]
        lx, ly, lz = light.direction
        facing = np.clip(
            self._turn * np.float32(lx) + np.sqrt(1 - self._turn**2) * np.float32(max(lz, 0.0)), 0, 1
        )
        shadow = 1 - np.float32(0.35 + 0.45 * max(0.0, -ly)) * (1 - self._below)
        shade = (
            facing * np.float32(light.key) * shadow + np.float32(light.ambient) * (0.55 + 0.45 * self._below)
        ) * np.float32(gain)
        lit = self._layer.copy()
        lit[..., :3] *= (
            shade[..., None] * lit[..., 3:] * np.array([1 + light.warm, 1, 1 - light.warm], np.float32)
        )
        self._lit = (light, lit)
        return lit


def _over(layer: Array, colour: Array, cover: Array) -> None:
    """Paints `colour` over a layer whose colour is not multiplied by its coverage."""
    alpha = cover[..., None]
    layer[..., :3] = np.where(layer[..., 3:] > 0, layer[..., :3] * (1 - alpha) + colour * alpha, colour)
    layer[..., 3] = 1 - (1 - layer[..., 3]) * (1 - cover)


def _neck(identity: Identity, half: float, x: Array, y: Array) -> tuple[Array, Array]:
    spread = half + 0.8 * np.clip(y - 1.9, 0, 9) ** 1.5
    cover = smoothstep(0.06, -0.06, np.abs(x) - spread + 0.1 * smoothstep(1.9, 1.2, y)) * smoothstep(
        0.7, 1.3, y
    )
    sinew = 1 - 0.1 * np.exp(-(((np.abs(x) - 0.2 - 0.25 * (2.7 - y)) / 0.07) ** 2))
    colour = (
        rgb(identity.skin.colour)
        * np.array([0.95, 0.9, 0.9], np.float32)
        * sinew[..., None].astype(np.float32)
    )
    return np.asarray(colour, np.float32), np.asarray(cover, np.float32)


def _clothes(identity: Identity, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    ax = np.abs(x)
    slope = 2.2 + 0.4 * np.clip(ax - 0.7, 0, 3) ** 0.8 + 0.3 * np.clip(ax - 2.3, 0, 9) ** 2
    depth = rng.uniform(-0.15, 0.6)
    edge = slope + depth * np.exp(-((x / rng.uniform(0.35, 0.7)) ** 2)) * (ax < 1.6)
    cover = smoothstep(-0.03, 0.03, y - edge)
    folds = 1 + 0.15 * noise(rng, 20, shape=_SHAPE) + 0.05 * rng.standard_normal(_SHAPE)
    if rng.random() < 0.3:
        folds = folds * (1 + 0.35 * (np.sin((x if rng.random() < 0.5 else y) * rng.uniform(8, 25)) > 0))
    colour = rgb(identity.clothes) * np.clip(folds * (0.95 - 0.1 * ax), 0.1, 2)[..., None]
    return np.asarray(colour, np.float32), np.asarray(cover, np.float32)


def _back_hair(
    identity: Identity, side: float, x: Array, y: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    hair = identity.hair
    ax = np.abs(x)
    end = {
        "bob": 1.0 + 0.7 * hair.length,
        "long": 2.9,
        "curly": 1.2 + 1.2 * hair.length,
        "scarf": 2.7,
        "fringe": 0.7 + 1.8 * hair.length,
        "afro": 0.6,
    }.get(hair.style, -9.0)
    cover = (
        smoothstep(0.06, -0.06, ax - side - 0.06)
        * smoothstep(0.12, -0.15, y - end + 0.1 * noise(rng, 4, shape=_SHAPE))
        * smoothstep(-0.9, 0.3, y)
    )
    if hair.style == "tied":
        cover = np.maximum(cover, smoothstep(0.05, -0.05, np.hypot(x - 0.3 * hair.part, y + 1.75) - 0.42))
    shade = 0.5 + 0.2 * noise(rng, 1.6, 12, shape=_SHAPE)
    return np.asarray(rgb(hair.colour) * np.clip(shade, 0.15, 1)[..., None], np.float32), np.asarray(
        cover, np.float32
    )
