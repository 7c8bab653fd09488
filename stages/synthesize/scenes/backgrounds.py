"""Backgrounds: rooms, walls, blurred lights, textures and abstract shapes, uint8 RGB."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Image = np.ndarray  # uint8 [H, W, 3], RGB
Float = np.ndarray  # float32 [H, W, 3], 0..1


def background(rng: np.random.Generator, height: int, width: int) -> Image:
    """One background of a random kind, uint8 [height, width, 3]."""
    kind = KINDS[rng.choice(len(KINDS), p=SHARES)]
    scene = kind(rng, height, width)
    if rng.random() < 0.6:  # depth of field
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.01, 0.04) * height)
    grain = fractal(rng, height, width, height / 3) * rng.uniform(0, 0.06)
    return np.clip((scene + grain[..., None]) * 255, 0, 255).astype(np.uint8)


def colour(rng: np.random.Generator, saturation: float = 0.5) -> Float:
    """A colour as interiors have them, mostly muted, float32 [3] in 0..1."""
    value, mixed = rng.uniform(0.05, 0.95), rng.uniform(0, saturation) ** 1.4
    return np.asarray(np.clip(value * (1 - mixed) + mixed * rng.uniform(0, 1, 3), 0, 1), np.float32)


def fractal(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 4) -> Float:
    """Smooth noise over several scales, float32 [height, width], deviation about 1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 2.0)
        nodes = rng.standard_normal((int(height / size) + 3, int(width / size) + 3)).astype(np.float32)
        total += cv2.resize(nodes, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.6**octave)
    return total


def gradient(rng: np.random.Generator, height: int, width: int) -> Float:
    """A wall lit from one side, float32 [height, width, 3]."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    along = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) + 0.5)[..., None]
    first = colour(rng)
    second = np.clip(first * rng.uniform(0.4, 1.6), 0, 1) if rng.random() < 0.6 else colour(rng)
    return np.asarray(first * (1 - along) + second * along, np.float32)


def interior(rng: np.random.Generator, height: int, width: int) -> Float:
    """A room: wall, window or picture, shelves or furniture, a darker lower part."""
    scene = gradient(rng, height, width)
    for _ in range(rng.integers(2, 6)):
        _box(rng, scene)
    if rng.random() < 0.5:
        _shelf(rng, scene)
    if rng.random() < 0.5:
        line = int(height * rng.uniform(0.55, 0.95))
        scene[line:] = colour(rng) * rng.uniform(0.4, 1.0)
    return scene


def _box(rng: np.random.Generator, scene: Float) -> None:
    """A framed rectangle: window, picture, door, screen."""
    height, width = scene.shape[:2]
    w, h = rng.uniform(0.1, 0.5) * width, rng.uniform(0.15, 0.7) * height
    x, y = rng.uniform(-0.1, 1) * width, rng.uniform(-0.1, 0.7) * height
    corners = (int(x), int(y)), (int(x + w), int(y + h))
    inside = np.ones(3) * rng.uniform(0.8, 1.0) if rng.random() < 0.25 else colour(rng)
    cv2.rectangle(scene, *corners, inside.tolist(), -1)
    cv2.rectangle(scene, *corners, colour(rng).tolist(), max(1, int(rng.uniform(0.005, 0.03) * width)))


def _shelf(rng: np.random.Generator, scene: Float) -> None:
    """A row of books."""
    height, width = scene.shape[:2]
    bottom, x = int(rng.uniform(0.3, 0.8) * height), int(rng.uniform(0, 0.4) * width)
    while x < width * rng.uniform(0.5, 1.2):
        thick = max(2, int(rng.uniform(0.012, 0.04) * width))
        top = bottom - int(rng.uniform(0.1, 0.22) * height)
        cv2.rectangle(scene, (x, top), (x + thick, bottom), colour(rng, 0.8).tolist(), -1)
        x += thick + 1


def bokeh(rng: np.random.Generator, height: int, width: int) -> Float:
    """Lights out of focus before a dark ground."""
    scene = gradient(rng, height, width) * np.float32(rng.uniform(0.2, 0.6))
    for _ in range(rng.integers(8, 30)):
        disc = np.zeros_like(scene)
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        radius = int(rng.uniform(0.02, 0.09) * width)
        cv2.circle(disc, centre, radius, colour(rng, 0.9).tolist(), -1, cv2.LINE_AA)
        scene += disc * np.float32(rng.uniform(0.2, 0.7))
    return np.clip(scene, 0, 1)


def texture(rng: np.random.Generator, height: int, width: int) -> Float:
    """Foliage, plaster, cloth: noise at one scale between two colours."""
    field = fractal(rng, height, width, rng.uniform(0.04, 0.5) * height, octaves=5)
    mix = np.clip(0.5 + field * rng.uniform(0.15, 0.5), 0, 1)[..., None]
    return np.asarray(colour(rng) * mix + colour(rng, 0.8) * (1 - mix), np.float32)


def abstract(rng: np.random.Generator, height: int, width: int) -> Float:
    """Overlapping polygons and stripes."""
    scene = gradient(rng, height, width)
    for _ in range(rng.integers(3, 9)):
        corners = rng.uniform(-0.2, 1.2, (rng.integers(3, 6), 2)) * [width, height]
        cv2.fillPoly(scene, [corners.astype(np.int32)], colour(rng, 0.9).tolist(), cv2.LINE_AA)
    return scene


KINDS: tuple[Callable[[np.random.Generator, int, int], Float], ...] = (
    gradient, interior, bokeh, texture, abstract,
)  # fmt: skip
SHARES = (0.25, 0.35, 0.12, 0.16, 0.12)
