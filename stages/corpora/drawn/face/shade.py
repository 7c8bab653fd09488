"""Light and shadow on the head: soft diffuse light, two shines, shadows cast by nose, brows and hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.corpora.drawn.face.light import Light
from stages.corpora.drawn.face.space import SCALE, Array, sample_map

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

    def __init__(self, height: Array) -> None:
        self._height = cv2.resize(height, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)

    def cast(self, toward: NDArray[np.float32], softness: float) -> Array:
        """Share 0..1 of the key light that arrives, on the coarse map; `toward` the light, in the head's axes."""
        if toward[2] < 0.05:
            toward = np.array([toward[0], toward[1], 0.05], np.float32)
        scale = SCALE / _COARSE
        size = (self._height.shape[1], self._height.shape[0])
        hidden = np.zeros_like(self._height)
        for reach in _REACH:
            shift = np.array([[1, 0, toward[0] * reach * scale], [0, 1, toward[1] * reach * scale]])
            there = cv2.warpAffine(
                self._height,
                shift,
                size,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            there -= self._height
            there -= np.float32(toward[2] * reach)
            hidden = np.maximum(hidden, there * np.float32(1 / (softness * (0.4 + 2 * reach) + 0.02)))
        return np.asarray(1 - np.clip(hidden, 0, 1), np.float32)

    def seen(self, shadow: Array, u: Array, v: Array) -> Array:
        """Shadow map at canonical coordinates."""
        return sample_map(shadow, u, v, SCALE / _COARSE)


def shade(
    colour: Array, surface: Array, shadow: Array, rotation: NDArray[np.float64], light: Light, gain: float
) -> Array:
    """Lit skin, linear RGB.

    `colour` [h, w, 3] albedo; `surface` [h, w, 4] slope x, slope y, darkness, gloss; `shadow` [h, w] share of key light.
    """
    toward, up = local(rotation, light.direction), local(rotation, (0.0, -0.97, 0.24))
    half = toward + local(rotation, (0.0, 0.0, 1.0))
    half /= np.linalg.norm(half)
    sx, sy = surface[..., 0], surface[..., 1]
    length = 1 / np.sqrt(sx * sx + sy * sy + 1)
    facing = (toward[2] - sx * toward[0] - sy * toward[1]) * length
    sky = (up[2] - sx * up[0] - sy * up[1]) * length
    ambient = np.float32(light.ambient) * (1 - np.float32(light.sky) + np.float32(light.sky) * sky)
    ambient *= 1 - np.float32(0.9) * np.clip(surface[..., 2], -0.1, 0.6)
    key = shadow * (1 - np.float32(0.75) * np.clip(surface[..., 2], -0.1, 0.6)) * np.float32(light.key)
    shine = _shine((half[2] - sx * half[0] - sy * half[1]) * length) * surface[..., 3] * key
    cast = np.array([1 + light.warm, 1, 1 - light.warm], np.float32) * np.float32(gain)
    fill = np.array([1 + light.fill_warm, 1, 1 - light.fill_warm], np.float32) * np.float32(gain)
    out = np.empty_like(colour)
    for c in range(3):
        diffuse = np.maximum((facing + _WRAP[c]) * np.float32(1 / (1 + _WRAP[c])), 0)
        out[..., c] = colour[..., c] * (diffuse * key * cast[c] + ambient * fill[c]) + shine * cast[c]
    return out


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
