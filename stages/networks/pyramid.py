"""Improved IResNet: coordinate attention, feature pyramid and SSH modules (Jiang et al. 2022, 3.2, Figure 1).

Feature pyramid: Lin et al. 2017, https://arxiv.org/abs/1612.03144. SSH: Najibi et al. 2017,
https://arxiv.org/abs/1708.03979, 3.3, in the form of RetinaFace. Coordinate attention: Hou et al. 2021,
https://arxiv.org/abs/2103.02907, Figure 2c and 3.2. Sizes and what the paper leaves open as in the authors' code.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from stages.core.errors import UserError
from stages.networks.common.backbones import Backbone

LEAST = 8  # channels between the two convolutions of coordinate attention, as in its authors' code
OPEN = 3.0  # a gate starts at sigmoid(3) = 0.95
STRIDES = (2, 4, 8, 16)  # of the maps behind the backbone's four layers


class CoordinateAttention(nn.Module):
    """Gates along rows and columns: x · g_h · g_w, each in (0, 1) and made from the means of both axes.

    With `start_open` they start open and equal everywhere (ours), so that a pretrained network keeps its
    function; else at random.
    """

    def __init__(self, channels: int, reduction: int = 32, start_open: bool = True) -> None:
        super().__init__()
        hidden = max(LEAST, channels // reduction)
        self.conv1 = nn.Conv1d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.act = nn.Hardswish()
        self.conv_h = nn.Conv1d(hidden, channels, 1)
        self.conv_w = nn.Conv1d(hidden, channels, 1)
        for gate in (self.conv_h, self.conv_w) if start_open else ():
            nn.init.zeros_(gate.weight)
            nn.init.constant_(cast(Tensor, gate.bias), OPEN)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        height, width = x.shape[-2:]
        means = torch.cat([x.sum(dim=3) / width, x.sum(dim=2) / height], dim=2)  # [N, C, H + W]
        rows, columns = self.act(self.bn1(self.conv1(means))).split([height, width], dim=2)
        gate_h = torch.sigmoid(self.conv_h(rows))[..., None]
        gate_w = torch.sigmoid(self.conv_w(columns))[:, :, None]
        return x * gate_h * gate_w


class FeaturePyramid(nn.Module):
    """Each map plus what comes from the coarser one through an up-convolution, from coarse to fine.

    With `refine` a 3x3 convolution follows each up-convolution (code).
    """

    def __init__(self, channels: list[int], refine: bool = False) -> None:
        super().__init__()
        pairs = list(zip(channels[1:], channels, strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.refine = nn.ModuleList(
            nn.Conv2d(b, b, 3, padding=1) if refine else nn.Identity() for _, b in pairs
        )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps from fine to coarse, each half the size of the one before (rounded up), to as many."""
        merged = [maps[-1]]
        for up, refine, skip in list(zip(self.up, self.refine, maps, strict=False))[::-1]:
            merged.append(skip + refine(up(merged[-1], output_size=skip.shape[-2:])))
        return merged[::-1]


class SSH(nn.Module):
    """Context of 3, 5 and 7 pixels a side, as one, two and three 3x3 convolutions: half, quarter, quarter."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        self.context3 = _conv_norm(inputs, half)
        self.reduce5 = nn.Sequential(_conv_norm(inputs, quarter), nn.ReLU())
        self.context5 = _conv_norm(quarter, quarter)
        self.reduce7 = nn.Sequential(_conv_norm(quarter, quarter), nn.ReLU())
        self.context7 = _conv_norm(quarter, quarter)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, channels, H, W]."""
        five = self.reduce5(x)
        parts = [self.context3(x), self.context5(five), self.context7(self.reduce7(five))]
        return torch.relu(torch.cat(parts, dim=1))


class Scale(nn.Module):
    """One map to features: SSH, or without it a 1x1 convolution, then a linear layer on all its pixels.

    `dropout` stands before that layer (code).
    """

    def __init__(
        self, inputs: int, channels: int, size: int, features: int, ssh: bool, dropout: float
    ) -> None:
        super().__init__()
        reduce = SSH(inputs, channels) if ssh else nn.Sequential(_conv_norm(inputs, channels, 1), nn.ReLU())
        self.reduce = reduce
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(channels * size**2, features)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, size, size] to [N, features]."""
        # Narrow branches have fewer than 16 channels, for which channels-last convolutions are not safe.
        return cast(Tensor, self.fc(self.dropout(self.reduce(x.contiguous()).flatten(1))))


class Pyramid(Backbone):
    """A backbone with the parts that are switched on; `network` keeps its published tensor names.

    As published, a linear layer and the backbone's last batch norm make the features of the four scales alone,
    in place of the backbone's last layer. With `keep_start` (ours) they join the backbone's own features by a
    linear layer that starts at zero: training starts from the pretrained function. Of 1x width are 64 channels
    and 512 features a scale; narrower backbones have less in proportion.
    """

    def __init__(self, backbone: Backbone, attention: bool, fpn: bool, ssh: bool, keep_start: bool) -> None:
        super().__init__(backbone.network, backbone.front_end, backbone.features)
        network: Any = self.network
        self.keep_start = keep_start
        channels, dropout = network.channels, network.dropout.p
        ends = (network.conv1.out_channels, channels[-1])
        self.shallow, self.deep = (
            CoordinateAttention(count, start_open=keep_start) if attention else nn.Identity()
            for count in ends
        )
        self.fpn = FeaturePyramid(channels, refine=not keep_start) if fpn else nn.Identity()
        sizes = [-(-self.front_end.size // stride) for stride in STRIDES]
        pairs = zip(channels, sizes, strict=True) if fpn or ssh else ()
        self.scales = nn.ModuleList(
            Scale(count, channels[0], size, channels[-1], ssh, dropout) for count, size in pairs
        )
        self.fuse = nn.Linear(channels[-1] * len(self.scales), self.features) if fpn or ssh else None
        if self.fuse is not None and keep_start:
            nn.init.zeros_(self.fuse.weight)
            nn.init.zeros_(self.fuse.bias)
        elif self.fuse is not None:
            network.fc.requires_grad_(False)  # no longer read

    def forward(self, x: Tensor) -> Tensor:
        """What `front_end.prepare` makes, float [N, 3, S, S], to [N, features]."""
        network: Any = self.network
        maps = network.layers(self.shallow(network.stem(x)))
        maps[-1] = self.deep(maps[-1])
        if self.fuse is None:
            return cast(Tensor, network.tail(maps[-1]))
        if self.keep_start:
            return cast(Tensor, network.tail(maps[-1])) + self.fused(maps)
        maps[-1] = network.bn2(maps[-1])
        return cast(Tensor, network.features(self.fused(maps)))

    def fused(self, maps: list[Tensor]) -> Tensor:
        """The maps behind the four layers to the features of their scales, [N, features]."""
        scales = [scale(level) for scale, level in zip(self.scales, self.fpn(maps), strict=True)]
        return cast(Tensor, cast(nn.Linear, self.fuse)(torch.cat(scales, dim=1)))


def neck(
    backbone: Backbone,
    attention: bool = False,
    fpn: bool = False,
    ssh: bool = False,
    keep_start: bool = True,
) -> Backbone:
    """`backbone` with coordinate attention, a feature pyramid and SSH modules, each where it is switched on.

    SSH without the pyramid reads the layers' maps; the pyramid without SSH is reduced by 1x1 convolutions.
    `keep_start` as in `Pyramid`.
    Errors: UserError for a backbone whose stem, layers and tail cannot be run one by one.
    """
    if not (attention or fpn or ssh):
        return backbone
    if not all(hasattr(backbone.network, part) for part in ("stem", "layers", "tail")):
        raise UserError("params.yaml, keys attention, fpn and ssh: they need a backbone of kind iresnet")
    return Pyramid(backbone, attention, fpn, ssh, keep_start)


def _conv_norm(inputs: int, channels: int, kernel: int = 3) -> nn.Sequential:
    conv = nn.Conv2d(inputs, channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels))
