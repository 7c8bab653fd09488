"""Things in front of a face: hands, cups, cards, microphones, scarves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from stages.synthesize.scenes.backgrounds import Float, Image, colour, fractal

Point = tuple[float, float]


@dataclass(frozen=True)
class Occluder:
    """A cut-out in interocular units around its middle: colour float32 [S, S, 3] and cover float32 [S, S]."""

    image: Float
    cover: Float


SIDE, REACH = 96, 1.6  # pixels of the cut-out; half of its width in interocular units


def sample_occluder(rng: np.random.Generator) -> Occluder:
    """A hand-like shape, a rounded card or a disc, softly shaded."""
    cover: Float = np.zeros((SIDE, SIDE), np.float32)
    kind = SHAPES[rng.integers(len(SHAPES))]
    kind(rng, cover)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 1.0))
    skin = np.array([224, 178, 146]) / 255 * rng.uniform(0.35, 1.05)
    base = skin if kind is hand or rng.random() < 0.3 else colour(rng, 0.9)
    shade = 1 + 0.12 * fractal(rng, SIDE, SIDE, 30) + 0.25 * (cv2.GaussianBlur(cover, (0, 0), 6) - 0.7)
    return Occluder(np.clip(base * shade[..., None], 0, 1).astype(np.float32), cover)


def hand(rng: np.random.Generator, cover: Float) -> None:
    """A palm and four fingers."""
    middle, slant = SIDE / 2, rng.uniform(-0.5, 0.5)
    cv2.ellipse(cover, (int(middle), int(middle + 14)), (19, 22), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    for finger in range(4):
        root = (int(middle - 13 + 9 * finger), int(middle + 6))
        reach = rng.uniform(26, 36) - 5 * abs(finger - 1.3)
        across, up = np.sin(slant + 0.12 * (finger - 1.5)), np.cos(slant)
        tip = (int(root[0] + reach * across), int(root[1] - reach * up))
        cv2.line(cover, root, tip, 1.0, 8, cv2.LINE_AA)
    cv2.line(cover, (int(middle), int(middle + 20)), (int(middle + 10), SIDE), 1.0, 28, cv2.LINE_AA)


def card(rng: np.random.Generator, cover: Float) -> None:
    """A sheet, phone or book held up."""
    box = ((SIDE / 2, SIDE / 2), (rng.uniform(25, 60), rng.uniform(25, 60)), rng.uniform(-30, 30))
    cv2.fillConvexPoly(cover, cv2.boxPoints(box).astype(np.int32), 1.0, cv2.LINE_AA)


def disc(rng: np.random.Generator, cover: Float) -> None:
    """A cup or microphone."""
    axes = (int(rng.uniform(12, 24)), int(rng.uniform(12, 28)))
    cv2.ellipse(cover, (SIDE // 2, SIDE // 2), axes, rng.uniform(0, 90), 0, 360, 1.0, -1, cv2.LINE_AA)
    cv2.line(cover, (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE), 1.0, int(rng.uniform(6, 16)), cv2.LINE_AA)


def screen(rng: np.random.Generator) -> Occluder:
    """A sheet that covers a whole face."""
    cover = np.ones((SIDE, SIDE), np.float32)
    shade = 1 + 0.08 * fractal(rng, SIDE, SIDE, 40)
    return Occluder(np.clip(colour(rng) * shade[..., None], 0, 1).astype(np.float32), cover)


SHAPES: tuple[Callable[[np.random.Generator, Float], None], ...] = (hand, card, disc)


def lay(
    canvas: Image, occluder: Occluder, at: Point, iod: float, angle: float = 0.0, size: float = 1.0
) -> Image:
    """Lay the cut-out over the image at pixel `at`; `iod` is the interocular distance in pixels."""
    height, width = canvas.shape[:2]
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, 2 * REACH * iod * size / SIDE)
    turn = np.column_stack([turn[:, :2], turn[:, 2] + np.array(at) - SIDE / 2])
    cover = cv2.warpAffine(occluder.cover, turn, (width, height))[..., None]
    image = cv2.warpAffine(occluder.image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return (canvas * (1 - cover) + image * 255 * cover).astype(np.uint8)
