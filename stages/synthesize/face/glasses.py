"""Spectacles: a layer fixed to the skull, [HEIGHT, WIDTH, 4] linear RGB and coverage."""

from __future__ import annotations

import numpy as np

from stages.synthesize.face.identity import Glasses
from stages.synthesize.face.space import AX, HEIGHT, WIDTH, Array, X, Y, blur, rgb, smoothstep

_MIDDLE = (0.5, 0.06)


def glasses_layer(glasses: Glasses, side: float) -> Array:
    """Rims, bridge, temples, tint and glare; `side` is the head's half width."""
    across = np.abs(AX - _MIDDLE[0]) / glasses.half
    down = np.abs(Y - _MIDDLE[1]) / glasses.height
    radius = (across**glasses.square + down**glasses.square) ** (1 / glasses.square)
    wide = glasses.rim / min(glasses.half, glasses.height)
    lens = smoothstep(1.0, 0.96, radius)
    rim = smoothstep(1 + wide, 1 + 0.6 * wide, radius) * smoothstep(1 - 0.5 * wide, 1, radius)
    bridge = smoothstep(glasses.rim, 0.5 * glasses.rim, np.abs(Y - _MIDDLE[1] + 0.08 - 0.6 * AX**2)) * (
        0.5 - glasses.half + 0.03 > AX
    )
    temple = (
        smoothstep(1.2 * glasses.rim, 0.6 * glasses.rim, np.abs(Y - _MIDDLE[1] + 0.09))
        * (0.5 + glasses.half < AX)
        * (side + 0.02 > AX)
    )
    frame = blur(np.clip(rim + bridge + temple, 0, 1), 0.6)
    glare = glasses.glare * lens * smoothstep(0.05, 0.2, np.sin(7 * (X + 0.6 * Y)) - 0.75)
    clear = np.clip(glasses.tint * lens + glare, 0, 1) * (1 - frame)
    colour = rgb(glasses.colour) * frame[..., None] + (0.75 * glare * (1 - frame))[..., None]
    cover = np.clip(frame + clear, 1e-4, 1)
    layer = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    layer[..., :3] = colour / cover[..., None]
    layer[..., 3] = np.where(cover > 2e-4, cover, 0)
    return layer
