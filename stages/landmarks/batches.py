"""Training batches of faces with landmarks, varied as real faces vary.

Rotation, scale and flip as in HRNet/HRNet-Facial-Landmark-Detection. Light, grey, blur, noise, compression
and occlusion are ours: what drawn faces teach is to hold on real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from stages.landmarks.landmarker import CROP, Images, Points, input_matrix, normalise, to_heatmap, warp
from stages.landmarks.schemes import JD106_MIRROR_PAIRS, mirror_order

Batch = tuple[Tensor, Tensor]  # inputs [N, 3, S, S], points [N, 106, 2] in heatmap pixels

MIRRORED = mirror_order(106, JD106_MIRROR_PAIRS)


@dataclass(frozen=True)
class Geometry:
    """How far faces are moved: degrees (in 60% of the draws), share of the size, pixels of the crop."""

    rotation: float = 30.0
    scaling: float = 0.25
    shift: float = 4.0


def landmark_batches(
    images: Images,
    points: Points,
    rows: NDArray[np.int64],
    size: int,
    batch: int,
    geometry: Geometry,
    seed: tuple[int, int],
) -> Iterator[Batch]:
    """One epoch over `rows`, shuffled and varied.

    A pure function of `seed`. A last batch that is not full is left out, but for an only one.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    for start in range(0, max(len(order) - batch, 0) + 1, batch):
        chosen = order[start : start + batch]
        pairs = [vary(images[row], points[row], size, geometry, rng) for row in chosen]
        inputs = normalise(np.stack([image for image, _ in pairs]))
        yield inputs, torch.from_numpy(np.stack([found for _, found in pairs]))


def vary(
    image: Images, points: Points, size: int, geometry: Geometry, rng: Generator
) -> tuple[Images, Points]:
    """A crop and its points, varied → input uint8 [size, size, 3], points [106, 2] in heatmap pixels."""
    if rng.random() < 0.5:
        image, points = mirror(image, points)
    matrix = _compose(input_matrix(size), _move(geometry, rng))
    return _spoil(warp(image, matrix, size), rng), to_heatmap(points, matrix)


def mirror(image: Images, points: Points) -> tuple[Images, Points]:
    """Left and right exchanged, in the picture and in the points' order (jd106)."""
    flipped = points[MIRRORED]
    flipped[:, 0] = CROP - 1 - flipped[:, 0]
    return np.ascontiguousarray(image[:, ::-1]), flipped


def _move(geometry: Geometry, rng: Generator) -> NDArray[np.float64]:
    """Random rotation, scale and shift about the crop's centre."""
    turn = rng.uniform(-geometry.rotation, geometry.rotation) if rng.random() < 0.6 else 0.0
    centre, scale = (CROP - 1) / 2, rng.uniform(1 - geometry.scaling, 1 + geometry.scaling)
    matrix = np.asarray(cv2.getRotationMatrix2D((centre, centre), turn, scale), np.float64)
    matrix[:, 2] += rng.uniform(-geometry.shift, geometry.shift, 2)
    return matrix


def _compose(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    return second @ np.vstack([first, [0.0, 0.0, 1.0]])


def _spoil(image: Images, rng: Generator) -> Images:
    """Each fault in a part of the draws; occlusion before what a camera does to the whole picture."""
    for fault, share in FAULTS:
        if rng.random() < share:
            image = fault(image, rng)
    return image


def _occlude(image: Images, rng: Generator) -> Images:
    """A rectangle of up to two fifths a side, in one colour."""
    size = len(image)
    width, height = rng.integers(size // 10, size * 2 // 5, 2)
    x, y = rng.integers(0, size - width), rng.integers(0, size - height)
    image = image.copy()
    image[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    return image


def _light(image: Images, rng: Generator) -> Images:
    """Contrast, colour of the light, brightness and gamma."""
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    gain = rng.uniform(0.6, 1.4) * rng.uniform(0.9, 1.1, 3)
    curve = np.clip((level - 0.5) * gain + 0.5 + rng.uniform(-0.2, 0.2), 0, 1) ** rng.uniform(0.7, 1.4)
    table = np.rint(255 * curve).astype(np.uint8)
    return np.stack([table[image[..., channel], channel] for channel in range(3)], -1)


def _grey(image: Images, rng: Generator) -> Images:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, -1)


def _blur(image: Images, rng: Generator) -> Images:
    return cv2.GaussianBlur(image, (0, 0), len(image) / 100 * rng.uniform(0.4, 2.0))  # type: ignore[return-value]


def _noise(image: Images, rng: Generator) -> Images:
    noisy = image + rng.normal(0, rng.uniform(2, 15), image.shape).astype(np.float32)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _compress(image: Images, rng: Generator) -> Images:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]


FAULTS = ((_occlude, 0.3), (_light, 0.8), (_grey, 0.25), (_blur, 0.3), (_noise, 0.3), (_compress, 0.3))
