"""Training batches of faces with landmarks, varied as real faces vary.

Rotation, scale and flip as in HRNet/HRNet-Facial-Landmark-Detection. Occlusion, and what `Augment` does to
light, colour and sharpness, are ours: what drawn faces teach is to hold on real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from stages.landmarks.landmarker import CROP, Images, Points, input_matrix, normalise, to_heatmap, warp
from stages.landmarks.schemes import JD106_MIRROR_PAIRS, mirror_order
from stages.training.fit import epoch_seed
from stages.training.samples.augment import Augment
from stages.training.samples.passes import full_batches, shuffled
from stages.training.samples.sampling import share

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Batch = tuple[Tensor, Tensor]  # inputs [N, 3, S, S], points [N, 106, 2] in heatmap pixels

MIRRORED = mirror_order(106, JD106_MIRROR_PAIRS)
MIRROR, OCCLUDE = 0.5, 0.3  # shares of the draws


@dataclass(frozen=True)
class Variation:
    """How far faces are moved: degrees (in 60% of the draws), share of the size, pixels of the crop.

    `augment` changes the pixels of the crop; what moves them (flip, crop, rotate) would leave the points behind.
    """

    rotation: float = 30.0
    scaling: float = 0.25
    shift: float = 4.0
    occlude: float = OCCLUDE
    augment: Augment = field(default_factory=Augment)


def landmark_batches(
    images: Images,
    points: Points,
    rows: NDArray[np.int64],
    variation: Variation,
    *,
    size: int,
    batch: int,
    seed: int,
    fabric: Fabric,
) -> Callable[[int], Iterator[Batch]]:
    """Epoch (from 1) to its batches of `rows`, shuffled and varied by (seed, epoch).

    `batch` images in all; each process of `fabric` takes its share. The rest of an epoch is left out.
    """

    def batches(epoch: int) -> Iterator[Batch]:
        rng = np.random.default_rng([seed, epoch, 1 + fabric.global_rank])
        generator = torch.Generator().manual_seed(epoch_seed(seed, epoch) + fabric.global_rank)
        for turn, chosen in enumerate(full_batches(shuffled(rows, [seed, epoch]), batch)):
            own = share(chosen, fabric.global_rank, fabric.world_size, turn)
            yield vary(images[own], points[own], size, variation, rng, generator)

    return batches


def vary(
    images: Images,
    points: Points,
    size: int,
    variation: Variation,
    rng: Generator,
    generator: torch.Generator,
) -> Batch:
    """Crops uint8 [N, 112, 112, 3] and their points, varied, as the network sees them.

    Pixels are changed in the crop, whose sharpness does not depend on the network's input.
    """
    pairs = [mirror(*pair) if rng.random() < MIRROR else pair for pair in zip(images, points, strict=True)]
    faces = [occlude(image, rng) if rng.random() < variation.occlude else image for image, _ in pairs]
    changed = variation.augment(torch.from_numpy(np.stack(faces)), CROP, generator).round().byte().numpy()
    matrices = [_compose(input_matrix(size), _move(variation, rng)) for _ in pairs]
    inputs = [warp(image, matrix, size) for image, matrix in zip(changed, matrices, strict=True)]
    found = [to_heatmap(own, matrix) for (_, own), matrix in zip(pairs, matrices, strict=True)]
    return normalise(np.stack(inputs)), torch.from_numpy(np.stack(found))


def mirror(image: Images, points: Points) -> tuple[Images, Points]:
    """Left and right exchanged, in the picture and in the points' order (jd106)."""
    flipped = points[MIRRORED]
    flipped[:, 0] = CROP - 1 - flipped[:, 0]
    return np.ascontiguousarray(image[:, ::-1]), flipped


def _move(variation: Variation, rng: Generator) -> NDArray[np.float64]:
    """Random rotation, scale and shift about the crop's centre."""
    turn = rng.uniform(-variation.rotation, variation.rotation) if rng.random() < 0.6 else 0.0
    centre, scale = (CROP - 1) / 2, rng.uniform(1 - variation.scaling, 1 + variation.scaling)
    matrix = np.asarray(cv2.getRotationMatrix2D((centre, centre), turn, scale), np.float64)
    matrix[:, 2] += rng.uniform(-variation.shift, variation.shift, 2)
    return matrix


def _compose(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    return second @ np.vstack([first, [0.0, 0.0, 1.0]])


def occlude(image: Images, rng: Generator) -> Images:
    """A rectangle of up to two fifths a side, in one colour."""
    size = len(image)
    width, height = rng.integers(size // 10, size * 2 // 5, 2)
    x, y = rng.integers(0, size - width), rng.integers(0, size - height)
    image = image.copy()
    image[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    return image
