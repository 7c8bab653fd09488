"""Camera: exposure, and between linear light and the display's bytes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.identity import Colour
from stages.synthesize.face.light import Light
from stages.synthesize.face.space import Array

_KNEE, _SLOPE = 0.62, 0.5  # linear light above the knee is compressed by the slope
_LEVELS = (np.arange(256) / 255) ** 2
_LINEAR = np.where(_LEVELS < _KNEE, _LEVELS, _KNEE + (_LEVELS - _KNEE) / _SLOPE).astype(np.float32)
_LUMA = (0.2126, 0.7152, 0.0722)
_GREY = 0.34  # linear luminance at which a camera would place a face


def gain(light: Light, skin: Colour) -> float:
    """Exposure of a camera that sees `skin` under `light`."""
    seen = sum(a * b for a, b in zip(_LUMA, skin, strict=True)) * (
        0.75 * light.key * max(light.direction[2], 0.3) + light.ambient
    )
    return float(light.exposure * (_GREY / max(seen, 0.02)) ** light.auto)


def to_linear(image: NDArray[np.uint8]) -> Array:
    """Bytes [H, W, 3] to linear light, such that `to_display` gives the same bytes back."""
    return np.asarray(cv2.LUT(image, _LINEAR), np.float32)


def to_display(linear: Array) -> NDArray[np.uint8]:
    """Linear light to bytes (gamma 2); highlights are compressed."""
    bright = np.maximum(linear - np.float32(_KNEE), 0)
    bright *= np.float32(_SLOPE)
    level = np.minimum(linear, np.float32(_KNEE))
    level += bright
    np.maximum(level, 0, out=level)
    return np.asarray(cv2.convertScaleAbs(np.sqrt(level), alpha=255), np.uint8)
