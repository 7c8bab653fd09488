"""Camera: exposure, and between linear light and the display's bytes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.corpora.drawn.face.identity import Colour
from stages.corpora.drawn.face.light import Light
from stages.corpora.drawn.face.space import Array

_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)
_TOP = 2.0
_STEPS = 4096
_LEVELS = np.linspace(0, _TOP, _STEPS)
_BYTES = np.round(
    255
    * np.minimum(1, np.where(_LEVELS < 0.6, _LEVELS, 0.6 + 0.4 * (1 - np.exp(-(_LEVELS - 0.6) / 0.4))))
    ** (1 / 2.2)
).astype(np.uint8)
_LUMA = (0.2126, 0.7152, 0.0722)
_GREY = 0.27  # linear luminance at which a camera would place a face


def gain(light: Light, skin: Colour) -> float:
    """Exposure of a camera that sees `skin` under `light`."""
    seen = sum(a * b for a, b in zip(_LUMA, skin)) * (
        0.75 * light.key * max(light.direction[2], 0.3) + light.ambient
    )
    return float(light.exposure * (_GREY / max(seen, 0.02)) ** light.auto)


def to_linear(image: NDArray[np.uint8]) -> Array:
    """Bytes [H, W, 3] to linear light."""
    return np.asarray(cv2.LUT(image, _LINEAR), np.float32)


def to_display(linear: Array) -> NDArray[np.uint8]:
    """Linear light to bytes; highlights roll off as on film."""
    level = np.clip(linear * np.float32((_STEPS - 1) / _TOP) + np.float32(0.5), 0, _STEPS - 1).astype(
        np.uint16
    )
    return np.asarray(_BYTES[level])
