"""What JPEG compression does to pixels, on batches of tensors: cosine transform, quantisation, and back.

ITU-T T.81, Annex A.3 (transform) and K.1 (tables); quality as in libjpeg. No chroma subsampling.
"""

from __future__ import annotations

from functools import cache
from math import cos, pi, sqrt

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 8
MID = 128  # samples are shifted to lie about zero: with grey at zero, chroma stays as it is
LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55), (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62), (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
CHROMA = (
    (17, 18, 24, 47), (18, 21, 26, 66), (24, 26, 56, 99), (47, 66, 99, 99),
)  # fmt: skip  # 99 everywhere else
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def jpeg_like(images: Tensor, quality: float) -> Tensor:
    """Images [N, 3, H, W] in [0, 1] after compression at `quality` (1 to 100)."""
    height, width = images.shape[-2:]
    to_ycc, basis, table = (constant.to(images) for constant in (_to_ycc(), _basis(), _tables()))
    padded = F.pad(images, (0, -width % BLOCK, 0, -height % BLOCK), mode="replicate")
    ycc = torch.einsum("ij,njhw->nihw", to_ycc, padded * 255 - MID)
    steps = (table * _scale(quality) / 100 + 0.5).floor().clamp(1, 255)[:, None, None]
    blocks = basis @ _split(ycc) @ basis.T
    restored = _join(basis.T @ ((blocks / steps).round() * steps) @ basis, padded.shape[-2:])
    rgb = torch.einsum("ij,njhw->nihw", torch.linalg.inv(to_ycc), restored)
    return ((rgb + MID) / 255).clamp(0, 1)[..., :height, :width]


def _split(x: Tensor) -> Tensor:
    """[N, C, H, W] to blocks [N, C, H/8, W/8, 8, 8]."""
    return x.unflatten(3, (-1, BLOCK)).unflatten(2, (-1, BLOCK)).transpose(3, 4)


def _join(blocks: Tensor, size: torch.Size) -> Tensor:
    return blocks.transpose(3, 4).reshape(*blocks.shape[:2], *size)


def _scale(quality: float) -> float:
    return 5000 / quality if quality < 50 else 200 - 2 * quality


@cache
def _to_ycc() -> Tensor:
    return torch.tensor(TO_YCC)


@cache
def _basis() -> Tensor:
    """Orthonormal cosine basis [8, 8]; row = frequency."""
    rows = [[cos((2 * x + 1) * u * pi / (2 * BLOCK)) for x in range(BLOCK)] for u in range(BLOCK)]
    return torch.tensor(rows) * torch.tensor([sqrt(1 / BLOCK)] + [sqrt(2 / BLOCK)] * (BLOCK - 1))[:, None]


@cache
def _tables() -> Tensor:
    """Quantisation steps [3, 8, 8] of Y, Cb and Cr at quality 50."""
    chroma = torch.full((BLOCK, BLOCK), 99.0)
    chroma[:4, :4] = torch.tensor(CHROMA)
    return torch.stack([torch.tensor(LUMA, dtype=torch.float), chroma, chroma])
