"""Light and shadow on the head: soft diffuse light, two shines, shadows cast by nose, brows and hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.light import Light
from stages.synthesize.face.space import SCALE, Array

_WRAP = np.array(
    [0.36, 0.2, 0.14], np.float32
)  # light scattered under the skin reaches past its shadow's edge, red most
_REACH = (0.05, 0.1, 0.17, 0.26, 0.38, 0.52)
_COARSE = 3


def local(rotation: NDArray[np.float64], direction: tuple[float, float, float]) -> NDArray[np.float32]:
    """A direction of the scene in the head's own axes."""
    return np.asarray(rotation.T @ np.array(direction), np.float32)


class Shadows:
    """Shadows that the head casts on itself, from its relief at a third of the texture's resolution."""

    scale = SCALE / _COARSE

    def __init__(self, height: Array) -> None:
        self._height = cv2.resize(height, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)

    def cast(self, toward: NDArray[np.float32], softness: float) -> Array:
        """Share 0..1 of the key light that arrives, on the coarse map.

        `toward` the light, in the head's axes.
        """
        if toward[2] < 0.05:
            toward = np.array([toward[0], toward[1], 0.05], np.float32)
        size = (self._height.shape[1], self._height.shape[0])
        hidden = np.zeros_like(self._height)
        for reach in _REACH:
            shift = np.array([[1, 0, toward[0] * reach * self.scale], [0, 1, toward[1] * reach * self.scale]])
            moved = cv2.warpAffine(
                self._height,
                shift,
                size,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            there = np.asarray(moved, np.float32) - self._height - np.float32(toward[2] * reach)
            hidden = np.maximum(hidden, there * np.float32(1 / (softness * (0.4 + 2 * reach) + 0.02)))
        return np.asarray(1 - np.clip(hidden, 0, 1), np.float32)


def shade(
    colour: Array, surface: Array, shadow: Array, rotation: NDArray[np.float64], light: Light, gain: float
) -> Array:
    """Lit skin, linear RGB.

    `colour` [h, w, 3] albedo; `surface` [h, w, 4] slope x, slope y, darkness, gloss; `shadow` [h, w] share
    of key light.
    """
    toward, up = local(rotation, light.direction), local(rotation, (0.0, -0.97, 0.24))
    half = toward + local(rotation, (0.0, 0.0, 1.0))
    half /= np.linalg.norm(half)
    sx, sy, dark, gloss = (np.asarray(plane, np.float32) for plane in cv2.split(surface))
    length = 1 / np.sqrt(sx * sx + sy * sy + 1)
    facing = (toward[2] - sx * toward[0] - sy * toward[1]) * length
    sky = (up[2] - sx * up[0] - sy * up[1]) * length
    dark = np.clip(dark, -0.1, 0.6)
    ambient = np.float32(light.ambient * gain) * (1 - np.float32(light.sky) + np.float32(light.sky) * sky)
    ambient *= 1 - np.float32(0.9) * dark
    key = shadow * (1 - np.float32(0.75) * dark) * np.float32(light.key * gain)
    shine = _shine((half[2] - sx * half[0] - sy * half[1]) * length) * gloss * key
    planes = []
    for plane, wrap, cast, fill in zip(
        cv2.split(colour), _WRAP, _tint(light.warm), _tint(light.fill_warm), strict=True
    ):
        diffuse = np.maximum((facing + wrap) * np.float32(1 / (1 + wrap)), 0)
        planes.append(plane * (diffuse * key * cast + ambient * fill) + shine * cast)
    return np.asarray(cv2.merge(planes), np.float32)


def ball(u: Array, v: Array, toward: NDArray[np.float32], light: Light, gain: float) -> Array:
    """Light on a ball about as large as the head, at canonical coordinates."""
    x, y = np.clip(u * 0.62, -0.95, 0.95), np.clip((v + 0.35) * 0.5, -0.95, 0.95)
    facing = toward[0] * x + toward[1] * y + toward[2] * np.sqrt(np.maximum(1.02 - x * x - y * y, 0))
    return np.asarray((np.maximum(facing, 0) * light.key + light.ambient) * gain, np.float32)


def _tint(warm: float) -> NDArray[np.float32]:
    """Factors of red, green and blue of a colour cast."""
    return np.array([1 + warm, 1, 1 - warm], np.float32)


def _shine(facing: Array) -> Array:
    """A broad and a narrow highlight."""
    p = np.maximum(facing, 0)
    p = p * p
    p = p * p
    p = p * p
    broad = p
    p = p * p
    p = p * p
    return broad * np.float32(0.045) + p * np.float32(0.07)
