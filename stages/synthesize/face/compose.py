"""Laying pictures over each other; linear RGB, in place."""

from __future__ import annotations

import cv2
import numpy as np

from stages.synthesize.face.space import Array


def premultiplied(layer: Array) -> Array:
    """RGB and coverage [h, w, 4] with RGB multiplied by coverage."""
    out = layer.copy()
    out[..., :3] *= out[..., 3:]
    return out


def lay(under: Array, layer: Array, bright: Array) -> None:
    """Lays a premultiplied `layer` [h, w, 4], lit by `bright` [h, w], over `under` [h, w, 3]."""
    under *= spread(1 - layer[..., 3])
    under += np.asarray(cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR), np.float32) * spread(bright)


def blend(under: Array, over: Array, cover: Array) -> None:
    """Replaces `under` [h, w, 3] by `over` [h, w, 3] as far as `cover` [h, w] says."""
    under += (over - under) * spread(cover)


def spread(plane: Array) -> Array:
    """A plane [h, w] three times, [h, w, 3]: much faster than broadcasting along so short an axis."""
    return np.asarray(cv2.merge((plane, plane, plane)), np.float32)
