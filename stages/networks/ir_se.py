"""IR-SE50, a recognition backbone with squeeze-and-excitation, with the tensor names of its published file.

Hu et al., "Squeeze-and-Excitation Networks", https://arxiv.org/abs/1709.01507, in the units of ArcFace;
layout of model.py in github.com/TreB1eN/InsightFace_Pytorch (397 tensors), which Jin et al. 2021 read in
their released sequence model.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from stages.networks.common.backbones import ARCFACE, Form, Published
from stages.networks.common.prelu import PReLU
from stages.networks.common.width import narrow

# Published: 50, 100 and 152. The two small ones have IResNet's blocks, for machines without an accelerator.
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 152: (3, 8, 36, 3)}
CHANNELS = (64, 128, 256, 512)
STRIDE = 16  # of the four layers together
REDUCTION = 16


class SqueezeExcite(nn.Module):
    """Channel attention: global mean, 1x1 down by `REDUCTION`, ReLU, 1x1 up, sigmoid gate."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, max(1, channels // REDUCTION), 1, bias=False)
        self.fc2 = nn.Conv2d(max(1, channels // REDUCTION), channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        gate = torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.fc2(gate))


class BottleneckIRSE(nn.Module):
    """BN, 3x3 convolution, PReLU, 3x3 convolution (which strides), BN, SE, plus the shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer = (
            nn.MaxPool2d(1, stride)
            if inputs == channels
            else nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
        )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, channels, 3, padding=1, bias=False),
            PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            SqueezeExcite(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, channels, H / stride, W / stride]."""
        return cast(Tensor, self.res_layer(x) + self.shortcut_layer(x))


class IRSE(nn.Module):
    """IR-SE of four groups of `blocks`, its channels times `width`, for faces of `input_size` pixels.

    Features are those before the released network's final division by their length: CosFace and
    verification divide by themselves, and heads learn better from unit variance.
    """

    def __init__(
        self, blocks: tuple[int, ...], width: float, input_size: int, dropout: float, features: int
    ) -> None:
        super().__init__()
        stem, *channels = (narrow(count, width) for count in (CHANNELS[0], *CHANNELS))
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem), PReLU(stem)
        )
        self.body = nn.Sequential(*_units(stem, channels, blocks))
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(channels[-1]),
            nn.Dropout(dropout),
            nn.Flatten(),
            nn.Linear(channels[-1] * (-(-input_size // STRIDE)) ** 2, features),
            nn.BatchNorm1d(features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, S, S] to [N, features]."""
        return cast(Tensor, self.output_layer(self.body(self.input_layer(x))))


def ir_se(
    depth: int, width: float = 1.0, input_size: int = 112, dropout: float = 0.0, features: int = 512
) -> IRSE:
    """IR-SE18, 34, 50, 100 or 152; 397 tensors at depth 50."""
    return IRSE(BLOCKS[depth], width, input_size, dropout, features)


def _units(inputs: int, channels: list[int], blocks: tuple[int, ...]) -> list[BottleneckIRSE]:
    units = []
    for count, repeats in zip(channels, blocks, strict=True):
        for index in range(repeats):
            units.append(BottleneckIRSE(inputs, count, 1 if index else 2))
            inputs = count
    return units


PUBLISHED = Published(ir_se, tuple(BLOCKS), {"treb1en": Form(ARCFACE)})
