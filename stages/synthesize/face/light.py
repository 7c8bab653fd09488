"""Light on a face: one key light with a soft edge, light from all around, and what the camera makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """`direction` points to the key light (x right, y down, z to the viewer; length 1).

    `key` and `ambient` are strengths, `sky` is how much more of the ambient light falls from above,
    `softness` the width of shadows' edges (interocular units of height), `warm` and `fill_warm` are colour
    casts (positive is red), `exposure` the camera's gain and `auto` 0..1 how far it makes up for dark skin
    or dim light.
    """

    direction: tuple[float, float, float]
    key: float
    ambient: float
    sky: float
    softness: float
    warm: float
    fill_warm: float
    exposure: float
    auto: float


def sample_light(rng: np.random.Generator) -> Light:
    """Random light: mostly a soft frontal key, often hard from a side or the top, sometimes dim and flat."""
    kind = str(rng.choice(["soft", "side", "top", "flat", "low"], p=[0.4, 0.22, 0.16, 0.16, 0.06]))
    side = float(rng.choice([-1, 1]))
    azimuth, elevation = {
        "soft": (rng.uniform(-0.8, 0.8), rng.uniform(0.0, 0.9)),
        "side": (side * rng.uniform(0.7, 1.35), rng.uniform(-0.1, 0.7)),
        "top": (rng.uniform(-0.6, 0.6), rng.uniform(0.8, 1.25)),
        "flat": (rng.uniform(-0.4, 0.4), rng.uniform(0, 0.5)),
        "low": (rng.uniform(-0.7, 0.7), rng.uniform(-0.6, -0.15)),
    }[kind]
    ambient = (
        rng.uniform(0.12, 0.4)
        if kind in ("side", "top")
        else rng.uniform(0.6, 0.95)
        if kind == "flat"
        else rng.uniform(0.25, 0.6)
    )
    key = 0.25 if kind == "flat" else float(rng.uniform(0.65, 1.0))
    x, y, z = np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), np.cos(azimuth) * np.cos(elevation)
    return Light(
        direction=(float(x), float(y), float(z)),
        key=float(key),
        ambient=float(ambient),
        sky=float(rng.uniform(0.1, 0.45)),
        softness=float(rng.uniform(0.04, 0.25)),
        warm=float(rng.normal(0, 0.08)),
        fill_warm=float(rng.normal(0, 0.1)),
        exposure=float(np.exp(rng.normal(0, 0.28))),
        auto=float(rng.uniform(0.2, 0.9)),
    )
