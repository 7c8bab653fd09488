"""Mouth: vermilion of both lips, the line between them, and what shows when they part; drawn per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.synthesize.face.identity import Identity, Mouth
from stages.synthesize.face.landmarks import INNER_LOWER, INNER_UPPER, Points
from stages.synthesize.face.patch import Grid, curve, grid, ridge
from stages.synthesize.face.space import Array, noise, rgb, smoothstep

_FLESH = np.array([0.025, 0.008, 0.008], np.float32)
_TONGUE = np.array([0.26, 0.085, 0.08], np.float32)
_GUM = np.array([0.3, 0.12, 0.11], np.float32)
_TEETH = np.cumsum([0.068, 0.1, 0.085, 0.08, 0.07]).astype(
    np.float32
)  # edges of a half row, as seen from the front


@dataclass(frozen=True)
class MouthPatch:
    """`skin` multiplies colour by 1 + RGB and adds gloss.

    `bend` adds slopes x, y; `inside` is premultiplied RGB and coverage.
    """

    area: Grid
    skin: Array
    bend: Array
    inside: Array


@dataclass(frozen=True)
class _Edges:
    top: Array
    inner_top: Array
    inner_bottom: Array
    bottom: Array
    within: Array
    along: Array


class Lips:
    """A person's lips; keeps the furrows of their surface."""

    def __init__(self, identity: Identity, rng: np.random.Generator) -> None:
        self.mouth = identity.mouth
        self.furrows = noise(rng, 5, 7, (40, 160))

    def draw(self, points: Points, jaw: float, scale: float) -> MouthPatch:
        """The mouth with its points where they are in `points` [106, 2]; `jaw` is how far it dropped."""
        deep = 0.34 if jaw < 0.06 else 0.55 if jaw < 0.24 else 0.85
        area = grid(-0.7, self.mouth.y - 0.34, 0.7, self.mouth.y + deep, scale)
        edges = _edges(points, area)
        gap = area.cover(area.y - edges.inner_top) * area.cover(edges.inner_bottom - area.y) * edges.within
        upper = area.cover(area.y - edges.top) * area.cover(edges.inner_top - area.y) * edges.within
        lower = area.cover(area.y - edges.inner_bottom) * area.cover(edges.bottom - area.y) * edges.within
        inside = np.dstack([_inside(self.mouth, edges, area, jaw) * gap[..., None], gap]).astype(np.float32)
        skin, bend = self._surface(edges, area, upper, lower, gap)
        return MouthPatch(area, skin, bend, inside)

    def _surface(
        self, edges: _Edges, area: Grid, upper: Array, lower: Array, gap: Array
    ) -> tuple[Array, Array]:
        mouth = self.mouth
        thick_up = np.maximum(edges.inner_top - edges.top, 0.012)
        thick_low = np.maximum(edges.bottom - edges.inner_bottom, 0.012)
        t_up = np.clip((area.y - edges.top) / thick_up, 0, 1)
        t_low = np.clip((area.y - edges.inner_bottom) / thick_low, 0, 1)
        soft = upper * np.clip(t_up * (1.5 + 5 * mouth.edge), 0, 1) + lower * np.clip(
            (1 - t_low) * (1.5 + 5 * mouth.edge), 0, 1
        )
        strength = np.clip(soft, 0, 1)
        tint = (rgb(mouth.tint) - 1) * strength[..., None]
        slope_y = upper * np.cos(np.pi * t_up) * 0.7 + lower * (np.cos(np.pi * t_low) * 0.8)
        slope_y -= 0.5 * ridge(area.y - edges.bottom - 0.025, 0.03) * edges.within
        dark = 0.14 * upper + np.float32(0.75 * mouth.seam) * self._seam(edges, area, gap)
        dark = dark + 0.18 * ridge(area.y - edges.bottom - 0.03, 0.028) * edges.within * np.clip(
            thick_low / 0.1, 0, 1
        )
        texture = self._texture(edges, area) * (upper + lower)
        colour = (1 + tint) * (1 - np.clip(dark, 0, 0.93))[..., None] * (1 + 0.035 * texture)[..., None]
        skin = np.dstack([colour - 1, (upper + lower) * np.float32(mouth.gloss)]).astype(np.float32)
        bend = np.dstack([0.07 * texture, -slope_y]).astype(np.float32)
        return skin, bend

    def _seam(self, edges: _Edges, area: Grid, gap: Array) -> Array:
        """Dark line where the lips meet and in the corners."""
        middle = 0.5 * (edges.inner_top + edges.inner_bottom)
        open_here = np.clip((edges.inner_bottom - edges.inner_top) / 0.03, 0, 1)
        line = ridge(area.y - middle, 0.013) * (1 - open_here) * edges.within
        corner = ridge(area.y - middle, 0.018) * ridge(np.abs(edges.along) - np.float32(0.98), 0.07)
        return np.asarray(np.clip(line + 0.6 * corner, 0, 1), np.float32)

    def _texture(self, edges: _Edges, area: Grid) -> Array:
        """Vertical furrows that travel with the lips."""
        column = np.clip((edges.along[0] + 1.1) / 2.2 * 159, 0, 159).astype(int)
        row = np.linspace(0, 39, area.shape[0]).astype(int)
        return np.asarray(self.furrows[row[:, None], column[None]], np.float32)


def _edges(points: Points, area: Grid) -> _Edges:
    left, right = points[84, 0], points[90, 0]
    top, bottom = curve(points[84:91], area.x), curve(points[[90, 91, 92, 93, 94, 95, 84]], area.x)
    inner = [84, 96, *INNER_UPPER, 100, 90]
    inner_top = curve(points[inner], area.x)
    inner_bottom = curve(points[[84, 96, *INNER_LOWER, 100, 90]], area.x)
    within = area.cover(area.x - np.float32(left)) * area.cover(np.float32(right) - area.x)
    along = (area.x - np.float32((left + right) / 2)) / np.float32((right - left) / 2)
    return _Edges(
        np.minimum(top, inner_top),
        inner_top,
        np.maximum(inner_bottom, inner_top),
        np.maximum(bottom, inner_bottom),
        within,
        along,
    )


def _inside(mouth: Mouth, edges: _Edges, area: Grid, jaw: float) -> Array:
    """Linear RGB of teeth, tongue and darkness."""
    x = np.abs(area.x)
    colour = np.empty((*area.shape, 3), np.float32)
    colour[:] = _FLESH
    floor = edges.inner_bottom
    tongue = np.clip((area.y - (floor - np.float32(0.1 + 0.35 * jaw))) / 0.08, 0, 1) * np.clip(
        (0.3 - x) / 0.1, 0, 1
    )
    colour += (tongue * np.float32(min(1.0, jaw / 0.12)))[..., None] * (_TONGUE * np.float32(0.9) - colour)
    base = np.float32(mouth.y + mouth.teeth)
    lower_edge = np.float32(mouth.y + 0.03 + 0.98 * jaw) + 0.25 * x * x
    lower = area.cover(area.y - lower_edge) * np.clip((0.33 - x) / 0.05, 0, 1)
    colour += (lower * np.float32(0.8))[..., None] * (_row(mouth, area, 0.86) * np.float32(0.62) - colour)
    bite = base - np.float32(0.22) * x * x - np.float32(0.012) * np.abs(np.sin(x * np.float32(np.pi / 0.115)))
    upper = area.cover(bite - area.y) * np.clip((0.42 - x) / 0.06, 0, 1)
    colour += upper[..., None] * (_row(mouth, area, 1.0) - colour)
    gum = np.clip((np.float32(mouth.y - 0.135) - area.y) / 0.02, 0, 1) * (x < 0.4)
    colour += gum[..., None] * (_GUM - colour)
    gap = edges.inner_bottom - edges.inner_top  # little light falls through a narrow gap
    depth = np.float32(0.06) + np.float32(0.94) * smoothstep(0.022, 0.11, gap)
    under_lip = (
        depth
        * np.clip(0.4 + (area.y - edges.inner_top) / 0.045, 0.4, 1)
        * np.clip(1.12 - 1.5 * (x / 0.5) ** 2, 0.12, 1)
    )
    return np.asarray(colour * under_lip[..., None], np.float32)


def _row(mouth: Mouth, area: Grid, width: float) -> Array:
    """A row of teeth: their colour with dark lines between them, [1, w, 3]."""
    x = np.abs(area.x[0])
    lines = np.exp(-0.5 * ((x[:, None] - np.r_[0.0, _TEETH] * width) / 0.006) ** 2).max(1)
    return np.asarray((1 - 0.2 * lines)[None, :, None] * rgb(mouth.tooth_colour), np.float32)
