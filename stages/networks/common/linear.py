"""Linear interpolation as a product with its weights.

Same values as `F.interpolate` to rounding; its own gradient is slow on a CPU, and on CUDA either not
deterministic or slower still.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def linear_weights(steps: int, wanted: int, like: Tensor) -> Tensor:
    """Weights [steps, wanted] of linear interpolation, ends not aligned, on the device of `like`."""
    unit = torch.eye(steps, device=like.device, dtype=like.dtype)
    return F.interpolate(unit[None], size=wanted, mode="linear")[0]


def bilinear(x: Tensor, height: int, width: int) -> Tensor:
    """Maps [N, C, H, W] to [N, C, height, width]."""
    columns = x @ linear_weights(x.shape[3], width, x)
    return linear_weights(x.shape[2], height, x).T @ columns
