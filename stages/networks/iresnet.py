"""IResNet, the recognition backbone of InsightFace, with its tensor names.

Deng et al., "ArcFace", https://arxiv.org/abs/1801.07698, 3.2.2 (units of He et al. with the batch norms of
Han et al.); layout of recognition/arcface_torch/backbones/iresnet.py in github.com/deepinsight/insightface.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from stages.networks.common.backbones import ARCFACE, Form, Published
from stages.networks.common.prelu import PReLU
from stages.networks.common.width import narrow

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3)}
CHANNELS = (64, 128, 256, 512)
STRIDE = 16  # of the four layers together


class IBasicBlock(nn.Module):
    """BN, 3x3 convolution, BN, PReLU, 3x3 convolution (which strides), BN, plus the shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.prelu = PReLU(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.downsample = _downsample(inputs, channels, stride) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return cast(Tensor, self.bn3(self.conv2(x)) + shortcut)


class IResNet(nn.Module):
    """IResNet of four layers of `blocks`, its channels times `width`, for faces of `input_size` pixels.

    Width 1 and 112 pixels are the published network; smaller values only shrink it.
    """

    def __init__(
        self, blocks: tuple[int, ...], width: float, input_size: int, dropout: float, features: int
    ) -> None:
        super().__init__()
        stem, *channels = (narrow(count, width) for count in (CHANNELS[0], *CHANNELS))
        self.channels = channels  # of the maps
        self.conv1 = nn.Conv2d(3, stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.prelu = PReLU(stem)
        self.layer1 = _layer(stem, channels[0], blocks[0])
        self.layer2 = _layer(channels[0], channels[1], blocks[1])
        self.layer3 = _layer(channels[1], channels[2], blocks[2])
        self.layer4 = _layer(channels[2], channels[3], blocks[3])
        self.bn2 = nn.BatchNorm2d(channels[3])
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(channels[3] * (-(-input_size // STRIDE)) ** 2, features)
        self.features = nn.BatchNorm1d(features)
        self.features.weight.requires_grad = False  # fixed at 1: directions are learnt, not lengths
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def stem(self, x: Tensor) -> Tensor:
        """[N, 3, S, S] to [N, 64, S, S] (times the width)."""
        return cast(Tensor, self.prelu(self.bn1(self.conv1(x))))

    def layers(self, x: Tensor) -> list[Tensor]:
        """The stem's output to the maps behind the four layers, at strides 2, 4, 8 and 16."""
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps

    def tail(self, x: Tensor) -> Tensor:
        """The last map to [N, features]."""
        return cast(Tensor, self.features(self.fc(self.dropout(self.bn2(x).flatten(1)))))

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, S, S] to [N, features]."""
        return self.tail(self.layers(self.stem(x))[-1])


def iresnet(
    depth: int, width: float = 1.0, input_size: int = 112, dropout: float = 0.0, features: int = 512
) -> IResNet:
    """IResNet18, 34, 50 or 100; 925 tensors at depth 100."""
    return IResNet(BLOCKS[depth], width, input_size, dropout, features)


def _layer(inputs: int, channels: int, blocks: int) -> nn.Sequential:
    rest = (IBasicBlock(channels, channels, 1) for _ in range(blocks - 1))
    return nn.Sequential(IBasicBlock(inputs, channels, 2), *rest)


def _downsample(inputs: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))


PUBLISHED = Published(iresnet, tuple(BLOCKS), {"insightface": Form(ARCFACE)})
