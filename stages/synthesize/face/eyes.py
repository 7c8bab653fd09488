"""Eyes: ball, iris, lids' edges, lashes and the fold of the upper lid, drawn per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import Points
from stages.synthesize.face.light import Light
from stages.synthesize.face.patch import Grid, curve, grid, ridge
from stages.synthesize.face.space import Array, rgb

_LEFT = (66, (67, 68, 69), 70, (71, 72, 73), 104, 74)
_RIGHT = (79, (78, 77, 76), 75, (82, 81, 80), 105, 83)
_FLESH = np.array([0.42, 0.16, 0.14], np.float32)


@dataclass(frozen=True)
class EyePatch:
    """`ball` is premultiplied linear RGB and coverage [h, w, 4].

    `skin` multiplies (RGB) and bends (slope y) the skin, [h, w, 4].
    """

    area: Grid
    ball: Array
    skin: Array


def draw_eye(
    identity: Identity, points: Points, rest: Points, side: int, light: tuple[float, float], scale: float
) -> EyePatch:
    """One eye (side 0 is the image's left).

    `light` is where the key light's reflex sits, x and y in -1..1.
    """
    outer, upper, inner, lower, pupil, centre = _LEFT if side == 0 else _RIGHT
    middle = float(rest[centre, 0])
    area = grid(middle - 0.37, -0.27, middle + 0.37, 0.22, scale)
    top = curve(points[[outer, *upper, inner]], area.x)
    bottom = curve(points[[inner, *lower, outer]], area.x)
    low, high = sorted((points[outer, 0], points[inner, 0]))
    within = area.cover(area.x - np.float32(low)) * area.cover(np.float32(high) - area.x)
    gap = area.cover(area.y - top) * area.cover(bottom - area.y) * within
    ball = _ball(identity, points[pupil], points[centre], points[inner], area, top, bottom, light)
    skin = _lid_skin(identity, points, rest, side, area, top, bottom)
    return EyePatch(area, np.dstack([ball * gap[..., None], gap]).astype(np.float32), skin)


def _ball(
    identity: Identity,
    pupil: Points,
    centre: Points,
    inner: Points,
    area: Grid,
    top: Array,
    bottom: Array,
    light: tuple[float, float],
) -> Array:
    eyes = identity.eyes
    dx, dy = area.x - np.float32(pupil[0]), area.y - np.float32(pupil[1])
    radius = np.sqrt(dx * dx + dy * dy)
    edge = np.abs(area.x - np.float32(centre[0])) / np.float32(eyes.half)
    colour = np.empty((*area.shape, 3), np.float32)
    colour[:] = (np.float32(eyes.white) * np.array([1.0, 0.93, 0.88], np.float32)) * (1 - 0.4 * edge**2.0)[
        ..., None
    ].clip(0.3)
    pink = ridge(area.x - np.float32(inner[0]), 0.045)[..., None] * np.float32(0.8)
    colour += pink * (_FLESH - colour)
    iris = area.cover(np.float32(eyes.iris_radius) - radius)[..., None]
    ring = np.clip(radius / eyes.iris_radius, 0, 1)
    tone = (0.6 + 0.8 * ring) * (1 - 0.65 * ring**8)
    colour += iris * (rgb(eyes.iris) * tone[..., None] - colour)
    colour *= 1 - area.cover(np.float32(0.036) - radius)[..., None] * np.float32(0.97)
    colour *= (1 - 0.62 * np.exp(-np.maximum(area.y - top, 0) / np.float32(0.032)))[..., None]
    colour *= (1 - 0.25 * np.exp(-np.maximum(bottom - area.y, 0) / np.float32(0.015)))[..., None]
    gx, gy = dx - np.float32(0.045 * light[0]), dy - np.float32(0.045 * light[1])
    glint = area.cover(np.float32(0.017) - np.sqrt(gx * gx + gy * gy))[..., None]
    return np.asarray(colour + glint * (np.float32(1.1) - colour))


def _lid_skin(
    identity: Identity, points: Points, rest: Points, side: int, area: Grid, top: Array, bottom: Array
) -> Array:
    """Multiplier of the skin's colour about one eye, and the slope that the lids add."""
    eyes = identity.eyes
    outer, _, inner, *_ = _LEFT if side == 0 else _RIGHT
    reach = (area.x - np.float32(points[inner, 0])) / np.float32(points[outer, 0] - points[inner, 0])
    along = np.clip(reach, 0, 1)
    near = np.exp(-np.maximum(np.maximum(-reach, reach - 1.06), 0) * np.float32(14))
    shade = np.zeros(area.shape, np.float32)
    shade += np.float32(0.9) * _crease(identity, points, rest, side, area, top, along) * near
    lash = np.where(area.y < top, ridge(area.y - top, 0.008 + 0.012 * eyes.lash), ridge(area.y - top, 0.008))
    dark = np.float32(0.5 + 0.38 * eyes.lash + 0.2 * eyes.liner) * (0.55 + 0.45 * along)
    lashes = np.clip(lash * dark * near, 0, 0.95)
    under = (
        ridge(area.y - bottom - np.float32(0.006), 0.011)
        * np.float32(0.25 + 0.2 * eyes.lash + 0.3 * eyes.liner)
        * near
    )
    colour = (1 - shade * np.float32(0.8)) * (1 - lashes) * (1 - under * (0.4 + 0.6 * along))
    rim = ridge(area.y - bottom - np.float32(0.028), 0.014) * near
    colour = colour * (1 + np.float32(0.08) * rim)
    bend = (
        (ridge(area.y - bottom - np.float32(0.045), 0.02) - ridge(area.y - bottom - np.float32(0.012), 0.014))
        * near
        * np.float32(0.35)
    )
    red = colour + (1 - colour) * np.float32(0.12)
    return np.dstack([red - 1, colour - 1, colour - 1, bend]).astype(np.float32)


def _crease(
    identity: Identity, points: Points, rest: Points, side: int, area: Grid, top: Array, along: Array
) -> Array:
    """Darkness of the fold above the upper lid: it stays with the brow while the lid moves."""
    eyes = identity.eyes
    outer, upper, inner, *_ = _LEFT if side == 0 else _RIGHT
    still = curve(rest[[outer, *upper, inner]], area.x)
    brow = (
        points[[35, 36] if side == 0 else [43, 44], 1].mean()
        - rest[[35, 36] if side == 0 else [43, 44], 1].mean()
    )
    lift = (
        np.float32(eyes.crease * (1 - 0.6 * eyes.hood))
        * np.sin(np.pi * np.clip(0.12 + 0.8 * along, 0, 1)) ** 0.6
    )
    drop = np.minimum(np.float32(0.45 * max(brow, -0.02)), lift * np.float32(0.85))
    line = np.minimum(still - lift + drop, top - np.float32(0.012))
    sharp = np.where(
        area.y < line, ridge(area.y - line, 0.022 + 0.03 * eyes.hood), ridge(area.y - line, 0.011)
    )
    inner_fold = ridge(area.x - np.float32(points[inner, 0]), 0.03) * ridge(
        area.y - np.float32(points[inner, 1]) + 0.01, 0.05
    )
    return np.asarray(
        np.float32(0.55 * eyes.crease_depth) * sharp + np.float32(0.35 * eyes.epicanthus) * inner_fold,
        np.float32,
    )


def reflex(light: Light) -> tuple[float, float]:
    """Where the key light mirrors in the eyes, x and y in about -1..1."""
    return light.direction[0] * 0.7, light.direction[1] * 0.6 - 0.2
