"""A person ready to be drawn: what depends on the identity alone is worked out once."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face import tone
from stages.synthesize.face.body import Body
from stages.synthesize.face.compose import blend, lay, premultiplied
from stages.synthesize.face.features import Head, Moves, add_features, lay_insets
from stages.synthesize.face.fields import fields, invert
from stages.synthesize.face.glasses import glasses_layer
from stages.synthesize.face.hair import HairLayer, hair_layer
from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import Points, rest_points
from stages.synthesize.face.lids import place_lids
from stages.synthesize.face.light import Light
from stages.synthesize.face.mouth import Lips
from stages.synthesize.face.movement import BASIS, SLOT, respond
from stages.synthesize.face.names import FaceState
from stages.synthesize.face.relief import Relief, relief
from stages.synthesize.face.shade import Shadows, ball, local, shade
from stages.synthesize.face.skin import albedo, grain
from stages.synthesize.face.space import COARSE, SCALE, X0, X1, Y0, Y1, Array, rgb, sample_map
from stages.synthesize.face.strands import beard_coverage, brow_coverage
from stages.synthesize.face.view import (
    Region,
    View,
    enlarge,
    nodes,
    project,
    region,
    rotation,
    sample_height,
)
from stages.synthesize.face.wrinkles import add_wrinkles, wrinkles

_BOUNDS = (X0 + 0.05, Y0 + 0.02, X1 - 0.05, Y1 - 0.02)


class Drawn(NamedTuple):
    """A picture and what is true of it.

    `image` uint8 [H, W, 3]; `points` float32 [106, 2] pixels, JD order; `box` float32 [4] x0, y0, x1, y1,
    tight about the points; `open` the gap between the lips in interocular units.
    """

    image: NDArray[np.uint8]
    points: Array
    box: Array
    open: float


class Face:
    """A person's face, neck and shoulders."""

    def __init__(self, identity: Identity) -> None:
        rng = np.random.default_rng(identity.seed)
        self.identity = identity
        self.rest = rest_points(identity)
        self._fields = fields(identity, self.rest)
        form = relief(identity, self.rest)
        hair = hair_layer(identity, self.rest, rng)
        self._texture, self._surface = _skin(identity, self.rest, form, hair, rng)
        self._wrinkles = wrinkles(identity, hair.layer[..., 3], rng)
        self._layers = [premultiplied(hair.layer)]
        if identity.glasses is not None:
            self._layers.append(premultiplied(glasses_layer(identity.glasses, float(self.rest[32, 0]))))
        self._smooth, self._shadows = form.smooth, Shadows(form.smooth)
        self._lips = Lips(identity, rng)
        self._body = Body(identity, self.rest, rng)

    def draw(
        self,
        canvas: NDArray[np.uint8],
        state: FaceState,
        light: Light,
        centre: tuple[float, float],
        scale: float,
    ) -> Drawn:
        """Draws the face over `canvas` (uint8 RGB [H, W, 3], not changed).

        `centre` is the place between the eyes in pixels, `scale` the pixels of an interocular distance seen
        frontally.
        """
        pivot = float(sample_height(self._smooth, np.zeros((1, 2)))[0])
        view = View(rotation(state), centre, scale, pivot)
        gain = tone.gain(light, self.identity.skin.colour)
        picture = tone.to_linear(canvas)
        self._body.draw(picture, light, gain, view)
        moves = self._moves(state)
        area = region(view, _BOUNDS, canvas.shape)
        if area is not None:
            self._draw_head(picture[area.rows, area.columns], area, view, state, moves, light, gain)
        seen = project(view, self._smooth, moves.points)
        box = np.r_[seen.min(0), seen.max(0)].astype(np.float32)
        return Drawn(tone.to_display(picture), seen, box, moves.gap)

    def points(self, state: FaceState) -> Points:
        """The 106 points of a state in canonical space, float64 [106, 2]."""
        return self._moves(state).points

    def field(self, state: FaceState) -> Array:
        """Displacement of the skin on the coarse grid, float32 [h, w, 2]."""
        return self._moves(state).field

    def _moves(self, state: FaceState) -> Moves:
        weights = self._fields.weights(state.units)
        points = self.rest + np.tensordot(weights, self._fields.points, 1)
        place_lids(points, self.rest, state)
        field = np.asarray(np.tensordot(weights, self._fields.grid, 1), np.float32)
        both = weights[:-1].reshape(2, len(BASIS)).mean(0)
        gap = float(both[SLOT["part_up"]] + both[SLOT["part_down"]])
        return Moves(points, self.rest, field, float(both[SLOT["jaw"]]), gap)

    def _draw_head(
        self,
        under: Array,
        area: Region,
        view: View,
        state: FaceState,
        moves: Moves,
        light: Light,
        gain: float,
    ) -> None:
        """Draws head, hair and spectacles over `under`, the part of the picture in `area`."""
        u, v = nodes(view, area, self._smooth)
        back = sample_map(invert(moves.field), u, v, COARSE)
        toward = local(view.rotation, light.direction)
        arrives = self._shadows.cast(toward, light.softness)
        shadow = enlarge(sample_map(arrives, u - back[..., 0], v - back[..., 1], self._shadows.scale), area)
        head, cover = self._head(area, u, v, back, state)
        insets = add_features(head, view, self.identity, self._lips, moves, light)
        lit = shade(head.colour, head.surface, shadow, view.rotation, light, gain)
        inner = np.float32(gain * (light.key * max(0.15, float(toward[2])) + light.ambient))
        lay_insets(lit, insets, inner * (np.float32(0.35) + np.float32(0.65) * shadow))
        blend(under, lit, cover)
        bright = enlarge(ball(u, v, toward, light, gain), area)
        for layer in self._layers:
            lay(under, sample_map(layer, head.u, head.v, edge=cv2.BORDER_CONSTANT), bright)

    def _head(self, area: Region, u: Array, v: Array, back: Array, state: FaceState) -> tuple[Head, Array]:
        """Skin and its surface at the region's pixels, and where there is any."""
        maps = enlarge(np.dstack([u, v, u - back[..., 0], v - back[..., 1]]), area)
        u, v, from_x, from_y = (np.asarray(plane, np.float32) for plane in cv2.split(maps))
        texture = sample_map(self._texture, from_x, from_y, edge=cv2.BORDER_CONSTANT)
        folded = add_wrinkles(self._surface, self._wrinkles, respond(state.units))
        surface = sample_map(folded, from_x, from_y)
        colour = np.asarray(cv2.cvtColor(texture, cv2.COLOR_BGRA2BGR), np.float32)
        return Head(area, u, v, colour, surface), np.ascontiguousarray(texture[..., 3])


def _skin(
    identity: Identity, rest: Points, form: Relief, hair: HairLayer, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Colour and coverage; slope x, slope y, darkness and gloss; each [HEIGHT, WIDTH, 4]."""
    brows, beard = brow_coverage(identity, rest, rng), beard_coverage(identity, rng)
    colour = albedo(identity, form, rng) * (1 - hair.shadow)[..., None]
    darkest = 0.6 * rgb(identity.skin.colour) + 0.02
    for cover, hue in ((brows, identity.brows.colour), (beard, identity.beard.colour)):
        colour += cover[..., None] * (np.minimum(rgb(hue), darkest) - colour)
    height = form.height + grain(identity, rng) + 0.006 * brows + 0.02 * identity.beard.length * beard
    gloss = identity.skin.gloss * (1 - 0.7 * np.maximum(brows, beard))
    texture = np.dstack([colour, np.maximum(form.head, form.ears)])
    surface = np.dstack([_slope(height, 1, 0), _slope(height, 0, 1), np.zeros_like(height), gloss])
    return texture.astype(np.float32), surface.astype(np.float32)


def _slope(height: Array, dx: int, dy: int) -> Array:
    return np.asarray(cv2.Sobel(height.astype(np.float32), cv2.CV_32F, dx, dy, scale=SCALE / 8))
