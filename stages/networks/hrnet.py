"""HRNet for facial landmarks: HRNetV2-W18 with one heatmap a point.

Wang et al. 2020, "Deep High-Resolution Representation Learning for Visual Recognition",
https://arxiv.org/abs/1908.07919; head, heatmaps and the bilinear way up between branches as in
HRNet/HRNet-Facial-Landmark-Detection, lib/models/hrnet.py (timm's go up by nearest neighbour).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from timm.models.hrnet import HighResolutionNet, cfg_cls
from torch import Tensor, nn

from stages.networks.common.linear import bilinear

WIDTH, MODULES, BLOCKS = 18, (1, 4, 3), 4  # published
INPUT_SIZE = 256  # pixels; published
STRIDE = 4  # input pixels a heatmap pixel


class Enlarge(nn.Module):
    """Maps `factor` times as high and wide, bilinear, corners not aligned."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, C, factor · H, factor · W]."""
        return bilinear(x, x.shape[2] * self.factor, x.shape[3] * self.factor)


class LandmarkHRNet(HighResolutionNet):
    """timm's HighResolutionNet without its classification modules, and the published heatmap head.

    Its 1,839 tensors have the published names: 1,830 of the trunk and 9 of `head`.
    """

    def __init__(self, points: int, width: int, modules: Sequence[int], blocks: int) -> None:
        super().__init__(_config(width, modules, blocks), head="")
        _go_up_bilinearly(self)
        self.size: dict[str, Any] = {"width": width, "modules": tuple(modules), "blocks": blocks}
        channels = 15 * width  # all four resolutions, concatenated
        self.head: nn.Module = nn.Sequential(  # type: ignore[assignment]  # timm keeps a word there
            nn.Conv2d(channels, channels, 1),
            nn.BatchNorm2d(channels, momentum=0.01),
            nn.ReLU(inplace=True),
            _last(nn.Conv2d(channels, points, 1)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images [N, 3, S, S] (S a multiple of 32, ImageNet mean and std) → heatmaps [N, P, S/4, S/4]."""
        maps = self.forward_features(images)
        lower = [bilinear(each, *maps[0].shape[-2:]) for each in maps[1:]]
        heatmaps: Tensor = self.head(torch.cat([maps[0], *lower], 1))
        return heatmaps


def landmark_hrnet(
    points: int, width: int = WIDTH, modules: Sequence[int] = MODULES, blocks: int = BLOCKS
) -> LandmarkHRNet:
    """HRNetV2-W<width> for `points` landmarks, by default of the published size.

    Another width is the same architecture, its stem and first stage in proportion. `modules` of the stages
    with two, three and four resolutions exchange what they know; a branch of each has `blocks` blocks.
    """
    return LandmarkHRNet(points, width, modules, blocks)


def _go_up_bilinearly(network: nn.Module) -> None:
    """Put `Enlarge` in place of timm's upsampling, which has no tensors either."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Upsample):
                setattr(parent, name, Enlarge(int(child.scale_factor)))  # type: ignore[arg-type]


def _last(layer: nn.Conv2d) -> nn.Conv2d:
    """Small weights, so that training starts from empty heatmaps (the reference's init)."""
    nn.init.normal_(layer.weight, std=0.001)
    return layer


def _config(width: int, modules: Sequence[int], blocks: int) -> dict[str, Any]:
    config: dict[str, Any] = copy.deepcopy(cfg_cls["hrnet_w18"])
    stem = round(config["stem_width"] * width / WIDTH)
    config["stem_width"] = stem
    config["stage1"] |= {"num_channels": (stem,), "num_blocks": (blocks,)}
    for branches, count in zip((2, 3, 4), modules, strict=True):
        channels = tuple(width << level for level in range(branches))
        config[f"stage{branches}"] |= {
            "num_modules": count,
            "num_blocks": (blocks,) * branches,
            "num_channels": channels,
        }
    return config
