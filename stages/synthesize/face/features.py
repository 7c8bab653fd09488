"""Puts eyes and mouth into a head: their skin before it is lit, their insides after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stages.synthesize.face.compose import lay
from stages.synthesize.face.eyes import draw_eye, reflex
from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import Points
from stages.synthesize.face.light import Light
from stages.synthesize.face.mouth import Lips
from stages.synthesize.face.patch import Grid, look
from stages.synthesize.face.space import Array
from stages.synthesize.face.view import Region, View, region


@dataclass
class Head:
    """A head in the picture's pixels, before it is lit.

    `u`, `v` canonical coordinates [h, w]; `colour` [h, w, 3]; `surface` [h, w, 4] slope x, slope y,
    darkness, gloss.
    """

    area: Region
    u: Array
    v: Array
    colour: Array
    surface: Array


class Inset(NamedTuple):
    """A premultiplied layer [h, w, 4] for a part of the head's region."""

    rows: slice
    columns: slice
    layer: Array


class Moves(NamedTuple):
    """Points [106, 2], where they rest, the skin's displacement [h, w, 2], drop of jaw, gap of lips."""

    points: Points
    rest: Points
    field: Array
    jaw: float
    gap: float


def add_features(
    head: Head, view: View, identity: Identity, lips: Lips, moves: Moves, light: Light
) -> list[Inset]:
    """Changes the skin about eyes and mouth; returns what `lay_insets` is to lay over the lit skin."""
    scale = float(np.clip(round(view.scale * 1.3 / 8) * 8, 48, 128))
    insets = []
    for side in (0, 1):
        eye = draw_eye(identity, moves.points, moves.rest, side, reflex(light), scale)
        bend = np.zeros((*eye.area.shape, 2), np.float32)
        bend[..., 1] = eye.skin[..., 3]
        insets.append(_put(head, view, eye.area, eye.skin[..., :3], bend, eye.ball))
    mouth = lips.draw(moves.points, moves.jaw, scale)
    insets.append(
        _put(head, view, mouth.area, mouth.skin[..., :3], mouth.bend, mouth.inside, mouth.skin[..., 3])
    )
    return [inset for inset in insets if inset is not None]


def lay_insets(lit: Array, insets: list[Inset], bright: Array) -> None:
    """Lays eyeballs and the inside of the mouth over the lit skin.

    `bright` [h, w] is the light that reaches them.
    """
    for rows, columns, layer in insets:
        lay(lit[rows, columns], layer, bright[rows, columns])


def _put(
    head: Head, view: View, area: Grid, tint: Array, bend: Array, inside: Array, gloss: Array | None = None
) -> Inset | None:
    """Multiplies the skin by 1 + `tint`, adds slopes and gloss, and looks at `inside` from the picture."""
    window = _window(head.area, view, area.bounds)
    if window is None:
        return None
    u, v = head.u[window], head.v[window]
    head.colour[window] *= 1 + look(area, np.ascontiguousarray(tint), u, v)
    head.surface[window][..., :2] += look(area, bend, u, v)
    if gloss is not None:
        head.surface[window][..., 3] += look(area, np.ascontiguousarray(gloss), u, v)
    return Inset(*window, look(area, inside, u, v))


def _window(
    area: Region, view: View, bounds: tuple[float, float, float, float]
) -> tuple[slice, slice] | None:
    """Rows and columns of a region that a canonical rectangle may cover; None if it covers none."""
    part = region(view, bounds, (area.top + area.height, area.left + area.width))
    if part is None:
        return None
    top, left = max(part.top - area.top, 0), max(part.left - area.left, 0)
    bottom, right = part.top + part.height - area.top, part.left + part.width - area.left
    return (slice(top, bottom), slice(left, right)) if bottom > top and right > left else None
