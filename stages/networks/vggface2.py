"""ResNet50 as published with VGGFace2, converted from Caffe, under both sets of tensor names.

He et al. 2016, https://arxiv.org/abs/1512.03385; Cao et al. 2018, https://arxiv.org/abs/1710.08092. The form
with torchvision's names is that of github.com/cydonia999/VGGFace2-pytorch, "dag" that of the VGG group's
MatConvNet export. torchvision's own ResNet50 takes the same tensors to other features.
"""

from __future__ import annotations

import re
from typing import cast

from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck

from stages.networks.common.backbones import Form, FrontEnd, Published
from stages.networks.common.width import narrow

BLOCKS = {50: (3, 4, 6, 3)}
CHANNELS = (64, 128, 256, 512)
DAG_LAYERS = {"conv1": "1x1_reduce", "conv2": "3x3", "conv3": "1x1_increase", "downsample": "1x1_proj"}


class CaffeBottleneck(Bottleneck):
    """torchvision's bottleneck with the stride in its first 1x1 convolution in place of its 3x3 one."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__(inputs, channels, downsample=_projection(inputs, channels * self.expansion, stride))
        self.conv1.stride = (stride, stride)


class ResNet(nn.Module):
    """ResNet of four layers of `blocks`, its channels times `width`; images of any size.

    Max-pooling takes 3x3 windows without padding, the last one cut off at the border (Caffe's ceil mode).
    """

    def __init__(self, blocks: tuple[int, ...], width: float, dropout: float) -> None:
        super().__init__()
        stem, *channels = (narrow(count, width) for count in (CHANNELS[0], *CHANNELS))
        outputs = [Bottleneck.expansion * count for count in channels]
        self.conv1 = nn.Conv2d(3, stem, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.layer1 = _layer(stem, channels[0], blocks[0], 1)
        self.layer2 = _layer(outputs[0], channels[1], blocks[1], 2)
        self.layer3 = _layer(outputs[1], channels[2], blocks[2], 2)
        self.layer4 = _layer(outputs[2], channels[3], blocks[3], 2)
        self.dropout = nn.Dropout(dropout)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, Bottleneck):  # blocks start as their shortcuts (Goyal et al. 2017, 5.1)
                nn.init.zeros_(module.bn3.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, S, S] to the mean of the last layer, [N, features]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return cast(Tensor, self.dropout(x.mean((2, 3))))


def resnet(depth: int, width: float = 1.0, input_size: int = 224, dropout: float = 0.0) -> ResNet:
    """ResNet50; the pooling over the whole last layer makes it fit every `input_size`."""
    return ResNet(BLOCKS[depth], width, dropout)


def features_of(width: float) -> int:
    """Length of the features: 2048 at width 1."""
    return Bottleneck.expansion * narrow(CHANNELS[-1], width)


def dag_name(name: str) -> str:
    """Name in the "dag" file: layer2.0.downsample.1.weight is conv3_1_1x1_proj_bn.weight there."""
    found = re.fullmatch(r"layer(\d)\.(\d+)\.(conv\d|bn\d|downsample\.\d)\.(\w+)", name)
    if found is None:  # of the first convolution or its norm
        return name.replace("conv1.", "conv1_7x7_s2.").replace("bn1.", "conv1_7x7_s2_bn.")
    layer, block, part, kind = found.groups()
    norm = "_bn" if part.startswith("bn") or part == "downsample.1" else ""
    step = DAG_LAYERS[part.split(".")[0].replace("bn", "conv")]
    return f"conv{int(layer) + 1}_{int(block) + 1}_{step}{norm}.{kind}"


def _layer(inputs: int, channels: int, blocks: int, stride: int) -> nn.Sequential:
    outputs = Bottleneck.expansion * channels
    rest = (CaffeBottleneck(outputs, channels, 1) for _ in range(blocks - 1))
    return nn.Sequential(CaffeBottleneck(inputs, channels, stride), *rest)


def _projection(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """The shortcut of a block that changes the shape of its input."""
    if inputs == outputs and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


# Cao et al. 2018, 4.1: crops of 224 pixels less the mean; the two files differ in the order of channels.
PUBLISHED = Published(
    resnet,
    tuple(BLOCKS),
    {
        "caffe": Form(
            FrontEnd(224, "BGR", 1.0, (91.4953, 103.8827, 131.0912), (1.0, 1.0, 1.0)), extra=("fc.",)
        ),
        "dag": Form(
            FrontEnd(224, "RGB", 1.0, (131.0912, 103.8827, 91.4953), (1.0, 1.0, 1.0)),
            dag_name,
            ("classifier.",),
        ),
    },
    features_of,
)
