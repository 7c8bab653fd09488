"""Landmarks as heatmaps, and back (HRNet/HRNet-Facial-Landmark-Detection, `lib/core/evaluation.py`).

Coordinates are pixels (x, y), whole numbers at pixel centres; heatmap pixel h covers the input pixels
4h … 4h + 3 and stands for their middle, 4h + 1.5.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Refinement = Literal["quarter", "parabola"]

SIGMA = 1.5  # heatmap pixels; published


def gaussian_heatmaps(points: Tensor, size: int, sigma: float = SIGMA) -> Tensor:
    """Targets: points [N, P, 2] in heatmap pixels → [N, P, size, size], 1 at the point.

    The centre keeps its fraction; the reference truncates it to whole pixels, which costs accuracy where
    heatmaps are small (Zhang et al. 2020, "Distribution-Aware Coordinate Representation", 3.2).
    """
    grid = torch.arange(size, dtype=points.dtype, device=points.device)
    falloff = torch.exp(-((grid - points[..., None]) ** 2) / (2 * sigma**2))  # [N, P, 2, size]
    return falloff[:, :, 1, :, None] * falloff[:, :, 0, None, :]


def decode_heatmaps(heatmaps: Tensor, refinement: Refinement = "quarter") -> Tensor:
    """Heatmaps [N, P, H, W] → points [N, P, 2] in heatmap pixels.

    Each is the maximum, moved within its pixel: "quarter" by a quarter towards the higher neighbour, as
    published; "parabola" to the top of the parabola through the logarithms of three neighbours, which is
    exact for a Gaussian and therefore better on small heatmaps. At the border it stays where it is.
    """
    height, width = heatmaps.shape[2:]
    flat = heatmaps.flatten(2)
    best = flat.argmax(2)
    x, y = best % width, best // width
    shift = _quarter if refinement == "quarter" else _parabola

    def along(position: Tensor, last: int, stride: int) -> Tensor:
        inside = (position > 0) & (position < last)
        step = torch.where(inside, stride, 0)
        before, top, after = (flat.gather(2, (best + s)[..., None])[..., 0] for s in (-step, 0 * step, step))
        return position + torch.where(inside, shift(before, top, after), 0.0)

    return torch.stack([along(x, width - 1, 1), along(y, height - 1, width)], -1)


def _quarter(before: Tensor, top: Tensor, after: Tensor) -> Tensor:
    return 0.25 * (after - before).sign()


def _parabola(before: Tensor, top: Tensor, after: Tensor) -> Tensor:
    left, middle, right = (each.clamp_min(1e-6).log() for each in (before, top, after))
    return (0.5 * (left - right) / (left - 2 * middle + right).clamp_max(-1e-6)).clamp(-0.5, 0.5)
