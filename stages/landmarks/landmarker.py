"""From aligned faces to landmarks with a heatmap network, and how good they are.

The network reads the 112×112 crop padded by an eighth on each side (its edge repeated), so that it can tell
points that lie outside the crop, resized to its input. Points are pixels of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from stages.core.card import Card, read_as
from stages.landmarks.heatmaps import Refinement, decode_heatmaps
from stages.landmarks.schemes import IBUG68, JD106, Scheme, convert, scheme
from stages.networks.common.weights import load_file_into
from stages.networks.hrnet import STRIDE, LandmarkHRNet, landmark_hrnet

CROP = 112
PADDED = CROP + 2 * (CROP // 8)
MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, RGB
STD = np.array([0.229, 0.224, 0.225], np.float32)

Images = NDArray[np.uint8]
Points = NDArray[np.float32]


class Layout(BaseModel):
    """What builds a landmark network and reads it: order of its points, size, input, place within a pixel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: str
    width: int
    modules: tuple[int, int, int]
    blocks: int
    input_size: int
    refinement: Refinement


class LandmarkCard(Card):
    """`network`: what builds it; `weights`: how many tensors came from a published file."""

    network: Layout
    weights: dict[str, int] | None = None


@dataclass(frozen=True)
class Landmarker:
    """A network and what it takes to read it."""

    model: LandmarkHRNet
    scheme: Scheme
    input_size: int
    refinement: Refinement


def load_landmarker(folder: Path) -> Landmarker:
    """The landmark network of a model folder. Errors: UserError for a folder without a model."""
    network = read_as(LandmarkCard, folder).network
    chosen = scheme(network.scheme)
    model = landmark_hrnet(chosen.points, network.width, network.modules, network.blocks)
    load_file_into(model, folder / "model.safetensors")
    return Landmarker(model.eval(), chosen, network.input_size, network.refinement)


def describe(landmarker: Landmarker) -> Layout:
    """What `load_landmarker` needs of a card."""
    return Layout(
        scheme=landmarker.scheme.name,
        **landmarker.model.size,
        input_size=landmarker.input_size,
        refinement=landmarker.refinement,
    )


def find_landmarks(landmarker: Landmarker, images: Images, batch: int = 64) -> Points:
    """Landmarks of aligned faces uint8 [N, 112, 112, 3] RGB → float32 [N, P, 2] in pixels of the crop."""
    found = np.zeros((len(images), landmarker.scheme.points, 2), np.float32)
    device = next(landmarker.model.parameters()).device
    for start in range(0, len(images), batch):
        inputs = normalise(resize(np.asarray(images[start : start + batch]), landmarker.input_size))
        with torch.inference_mode():
            heatmaps = landmarker.model(inputs.to(device))
            points = decode_heatmaps(heatmaps, landmarker.refinement)
        found[start : start + batch] = from_heatmap(points.cpu().numpy(), landmarker.input_size)
    return found


def input_matrix(size: int) -> NDArray[np.float64]:
    """Affine [2, 3] from pixels of the crop to pixels of the network's input of `size`."""
    scale = size / PADDED
    shift = (CROP // 8 + 0.5) * scale - 0.5
    return np.array([[scale, 0.0, shift], [0.0, scale, shift]])


def resize(images: Images, size: int) -> Images:
    """Crops uint8 [N, 112, 112, 3], padded by repeating their edge and resized → uint8 [N, size, size, 3]."""
    return np.stack([warp(image, input_matrix(size), size) for image in images])


def warp(image: Images, matrix: NDArray[np.float64], size: int) -> Images:
    """One image through an affine [2, 3], edges repeated → uint8 [size, size, 3]."""
    warped: Any = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped


def normalise(images: Images) -> Tensor:
    """Images uint8 [N, S, S, 3] RGB → float32 [N, 3, S, S] with ImageNet's mean and deviation."""
    scaled = (images.astype(np.float32) / 255.0 - MEAN) / STD
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


def to_heatmap(points: Points, matrix: NDArray[np.float64]) -> Points:
    """Points [..., 2] of the crop in heatmap pixels, where `matrix` takes the crop to the input."""
    inputs = points @ matrix[:, :2].T + matrix[:, 2]
    return ((inputs + 0.5) / STRIDE - 0.5).astype(np.float32)


def from_heatmap(points: Points, size: int) -> Points:
    """Points [..., 2] in heatmap pixels of an input of `size` → pixels of the crop."""
    inputs = (points + 0.5) * STRIDE - 0.5
    matrix = input_matrix(size)
    return ((inputs - matrix[:, 2]) / matrix[0, 0]).astype(np.float32)


def nme(found: Points, true: Points, names: Scheme = JD106) -> NDArray[np.float64]:
    """Normalised mean error a face: `found` [N, P, 2] in scheme `names`, `true` [N, 106, 2] → [N].

    Mean distance over the points, by the distance of the eyes' outer corners (300-W's interocular distance).
    Schemes without the 106 points are measured on the 68 points that all share.
    """
    shared = JD106 if names.points == JD106.points else IBUG68
    found, true = convert(found, names, shared), convert(np.asarray(true), JD106, shared)
    left, right = shared.outer_corners
    distance = np.linalg.norm(true[:, left] - true[:, right], axis=-1)
    errors: NDArray[np.float64] = np.linalg.norm(found - true, axis=-1).mean(-1) / distance
    return errors


def summarise(errors: NDArray[np.float64], failure: float = 0.1) -> dict[str, float]:
    """Mean, median, 95th percentile and share beyond `failure` of faces' normalised mean errors."""
    return {
        "mean": float(errors.mean()),
        "median": float(np.median(errors)),
        "p95": float(np.percentile(errors, 95)),
        "failures": float((errors > failure).mean()),
    }
