"""Draws a person's face into a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.corpora.drawn.face import tone
from stages.corpora.drawn.face.body import Body
from stages.corpora.drawn.face.eyes import draw_eye, reflex
from stages.corpora.drawn.face.fields import fields, invert
from stages.corpora.drawn.face.glasses import glasses_layer
from stages.corpora.drawn.face.hair import hair_layer
from stages.corpora.drawn.face.identity import Identity
from stages.corpora.drawn.face.landmarks import Points, rest_points
from stages.corpora.drawn.face.lids import place_lids
from stages.corpora.drawn.face.light import Light
from stages.corpora.drawn.face.mouth import Lips
from stages.corpora.drawn.face.movement import BASIS, SLOT
from stages.corpora.drawn.face.names import FaceState
from stages.corpora.drawn.face.patch import look
from stages.corpora.drawn.face.relief import relief
from stages.corpora.drawn.face.shade import Shadows, local, shade
from stages.corpora.drawn.face.skin import albedo, grain
from stages.corpora.drawn.face.space import COARSE, SCALE, X0, X1, Y0, Y1, Array, rgb, sample_map
from stages.corpora.drawn.face.strands import beard_coverage, brow_coverage
from stages.corpora.drawn.face.view import (
    Region,
    View,
    enlarge,
    nodes,
    project,
    region,
    rotation,
    sample_height,
)
from stages.corpora.drawn.face.wrinkles import add_wrinkles, wrinkles


class Drawn(NamedTuple):
    """`image` uint8 [H, W, 3]; `points` float32 [106, 2] pixels, JD order; `box` float32 [4] x0, y0, x1, y1 of the points;
    `open` the gap between the lips in interocular units."""

    image: NDArray[np.uint8]
    points: Array
    box: Array
    open: float


@dataclass
class _Frame:
    """What one frame's steps share: region of the picture, canonical coordinates of its pixels, skin and surface there."""

    area: Region
    u: Array
    v: Array
    colour: Array
    cover: Array
    surface: Array


class Face:
    """A person, ready to be drawn: everything that depends on the identity alone is worked out once."""

    def __init__(self, identity: Identity) -> None:
        rng = np.random.default_rng(identity.seed)
        self.identity = identity
        self.rest = rest_points(identity)
        self._fields = fields(identity, self.rest)
        form = relief(identity, self.rest)
        self._smooth = form.smooth
        hair = hair_layer(identity, self.rest, rng)
        brows, beard = brow_coverage(identity, self.rest, rng), beard_coverage(identity, self.rest, rng)
        skin = albedo(identity, self.rest, form, rng) * (1 - hair.shadow)[..., None]
        for cover, hue in ((brows, identity.brows.colour), (beard, identity.beard.colour)):
            skin += cover[..., None] * (np.minimum(rgb(hue), 0.6 * rgb(identity.skin.colour) + 0.02) - skin)
        self._texture = np.dstack([skin, np.maximum(form.head, form.ears)]).astype(np.float32)
        height = form.height + grain(identity, rng) + 0.006 * brows + 0.02 * identity.beard.length * beard
        gloss = identity.skin.gloss * (1 - 0.7 * np.maximum(brows, beard))
        self._surface = np.dstack(
            [_slope(height, 1, 0), _slope(height, 0, 1), np.zeros_like(height), gloss]
        ).astype(np.float32)
        self._wrinkles = wrinkles(identity, hair.layer[..., 3], rng)
        self._layers = [_premultiplied(hair.layer)]
        if identity.glasses is not None:
            self._layers.append(_premultiplied(glasses_layer(identity.glasses, float(self.rest[32, 0]))))
        self._shadows = Shadows(form.smooth)
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

        `centre` is the place between the eyes in pixels, `scale` the pixels of an interocular distance seen from the front.
        """
        weights = self._fields.weights(state.units)
        points = self.points(state, weights)
        view = View(rotation(state), centre, scale, float(sample_height(self._smooth, np.zeros((1, 2)))[0]))
        gain = tone.gain(light, self.identity.skin.colour)
        picture = tone.to_linear(canvas)
        self._body.draw(picture, light, gain, view)
        area = region(view, (X0 + 0.05, Y0 + 0.02, X1 - 0.05, Y1 - 0.02), canvas.shape)
        if area is not None:
            self._head(picture, area, view, state, points, weights, light, gain)
        seen = project(view, self._smooth, points)
        box = np.r_[seen.min(0), seen.max(0)].astype(np.float32)
        gap = (
            weights.reshape(-1)[:-1]
            .reshape(2, len(BASIS))[:, [SLOT["part_up"], SLOT["part_down"]]]
            .sum(1)
            .mean()
        )
        return Drawn(tone.to_display(picture), seen, box, float(gap))

    def points(self, state: FaceState, weights: Array | None = None) -> Points:
        """The 106 points of a state in canonical space, float64 [106, 2]."""
        if weights is None:
            weights = self._fields.weights(state.units)
        points = self.rest + np.tensordot(weights, self._fields.points, 1)
        place_lids(self.identity, points, self.rest, state)
        return points

    def field(self, state: FaceState) -> Array:
        """Displacement of the skin on the coarse grid, float32 [h, w, 2]."""
        return np.asarray(np.tensordot(self._fields.weights(state.units), self._fields.grid, 1), np.float32)

    def _head(
        self,
        picture: Array,
        area: Region,
        view: View,
        state: FaceState,
        points: Points,
        weights: Array,
        light: Light,
        gain: float,
    ) -> None:
        u, v = nodes(view, area, self._smooth)
        moved = invert(np.asarray(np.tensordot(weights, self._fields.grid, 1), np.float32))
        back = sample_map(moved, u, v, COARSE)
        maps = enlarge(np.dstack([u, v, u - back[..., 0], v - back[..., 1]]), area)
        texture = sample_map(self._texture, maps[..., 2], maps[..., 3], edge=cv2.BORDER_CONSTANT)
        folded = add_wrinkles(self._surface, self._wrinkles, state.units)
        surface = sample_map(folded, maps[..., 2], maps[..., 3])
        frame = _Frame(
            area,
            np.ascontiguousarray(maps[..., 0]),
            np.ascontiguousarray(maps[..., 1]),
            texture[..., :3].copy(),
            texture[..., 3],
            surface,
        )
        toward = local(view.rotation, light.direction)
        shadow = enlarge(
            self._shadows.seen(
                self._shadows.cast(toward, light.softness), u - back[..., 0], v - back[..., 1]
            ),
            area,
        )
        inner = self._features(frame, view, points, weights, light)
        lit = shade(frame.colour, surface, shadow, view.rotation, light, gain)
        bright = np.float32(gain * (light.key * max(0.15, float(toward[2])) + light.ambient))
        for rows, columns, patch in inner:
            part = lit[rows, columns]
            part += patch[..., 3:] * (
                patch[..., :3] * bright * (0.35 + 0.65 * shadow[rows, columns, None]) - part
            )
        under = picture[area.rows, area.columns]
        under += frame.cover[..., None] * (lit - under)
        self._over(under, frame, enlarge(_roundness(u, v, toward, light, gain), area))

    def _features(
        self, frame: _Frame, view: View, points: Points, weights: Array, light: Light
    ) -> list[tuple[slice, slice, Array]]:
        """Eyes and mouth: changes the skin in `frame` and returns what is to be laid over it when lit."""
        scale = float(np.clip(round(view.scale * 1.3 / 8) * 8, 48, 128))
        inner = []
        for side in (0, 1):
            eye = draw_eye(self.identity, points, self.rest, side, reflex(light), scale)
            window = _window(frame, view, eye.area.bounds)
            if window is None:
                continue
            rows, columns = window
            u, v = frame.u[rows, columns], frame.v[rows, columns]
            skin = look(eye.area, eye.skin, u, v)
            frame.colour[rows, columns] *= 1 + skin[..., :3]
            frame.surface[rows, columns, 1] += skin[..., 3]
            inner.append((rows, columns, look(eye.area, eye.ball, u, v)))
        jaw = float(weights[[SLOT["jaw"], len(BASIS) + SLOT["jaw"]]].mean())
        mouth = self._lips.draw(points, jaw, scale)
        window = _window(frame, view, mouth.area.bounds)
        if window is None:
            return inner
        rows, columns = window
        u, v = frame.u[rows, columns], frame.v[rows, columns]
        skin, bend = look(mouth.area, mouth.skin, u, v), look(mouth.area, mouth.bend, u, v)
        frame.colour[rows, columns] *= 1 + skin[..., :3]
        frame.surface[rows, columns, :2] += bend
        frame.surface[rows, columns, 3] += skin[..., 3]
        inner.append((rows, columns, look(mouth.area, mouth.inside, u, v)))
        return inner

    def _over(self, under: Array, frame: _Frame, bright: Array) -> None:
        """Hair and spectacles, which do not move with the skin; `bright` is the light on them."""
        for layer in self._layers:
            seen = sample_map(layer, frame.u, frame.v, edge=cv2.BORDER_CONSTANT)
            under *= 1 - seen[..., 3:]
            under += seen[..., :3] * bright[..., None]


def _roundness(u: Array, v: Array, toward: NDArray[np.float32], light: Light, gain: float) -> Array:
    """Light on a ball about as large as the head, at canonical coordinates."""
    x, y = np.clip(u * 0.62, -0.95, 0.95), np.clip((v + 0.35) * 0.5, -0.95, 0.95)
    facing = toward[0] * x + toward[1] * y + toward[2] * np.sqrt(np.maximum(1.02 - x * x - y * y, 0))
    return np.asarray((np.maximum(facing, 0) * light.key + light.ambient) * gain, np.float32)


def _premultiplied(layer: Array) -> Array:
    out = layer.copy()
    out[..., :3] *= out[..., 3:]
    return out


def _slope(height: Array, dx: int, dy: int) -> Array:
    return np.asarray(cv2.Sobel(height.astype(np.float32), cv2.CV_32F, dx, dy, scale=SCALE / 8))


def _window(
    frame: _Frame, view: View, bounds: tuple[float, float, float, float]
) -> tuple[slice, slice] | None:
    """Rows and columns of the frame's region that a canonical rectangle may cover; None if it covers none."""
    area = frame.area
    part = region(view, bounds, (area.top + area.height, area.left + area.width))
    if part is None:
        return None
    top, left = max(part.top - area.top, 0), max(part.left - area.left, 0)
    bottom, right = part.top + part.height - area.top, part.left + part.width - area.left
    return (slice(top, bottom), slice(left, right)) if bottom > top and right > left else None
