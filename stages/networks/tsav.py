"""TSAV: two streams, a clip of faces with masks and the sound around it, to all three tasks at once.

Kuhnke et al. 2020, https://arxiv.org/abs/2002.03399, tensor names of the released code
(kuhnkeF/ABAW2020TNT); the network of Wang & Wang 2021, 3.1. Video: R(2+1)D-18 (Tran et al. 2018); sound:
ResNet18 (He et al. 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock
from torchvision.models.video.resnet import BasicBlock as VideoBlock
from torchvision.models.video.resnet import Conv2Plus1D

from stages.networks.common.weights import Report, load_file_into, load_weights, read_weights
from stages.networks.common.width import narrow

CHANNELS = (64, 128, 256, 512)
STEM = 45  # channels between the spatial and the temporal convolution of R(2+1)D's stem
UNITS = (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)  # action units of Aff-Wild2 2021
TSAV_UNITS = (1, 2, 4, 6, 12, 15, 20, 25)  # of Aff-Wild2 2020, in the order of the published outputs
SHARED = tuple((UNITS.index(unit), place) for place, unit in enumerate(TSAV_UNITS) if unit in UNITS)
EXPRESSIONS, DIMENSIONS = 7, 2  # outputs before the action units': expressions, then valence and arousal
OWN = EXPRESSIONS + DIMENSIONS
HEAD = "fc.1."

MEAN = (0.43216, 0.394666, 0.37645, 0.5)  # of red, green, blue and mask
STD = (0.22803, 0.22145, 0.216989, 0.225)


class TSAV(nn.Module):
    """Both streams' features, sound first, through a dropout and one linear layer.

    At width 1 with `TSAV_UNITS` its 344 tensors are the published ones. `bound` keeps valence and arousal in
    [-1, 1]: tanh as Wang & Wang's released code trains them, hardtanh as TSAV's writes its raw outputs.
    """

    def __init__(
        self,
        units: Sequence[int] = UNITS,
        width: float = 1.0,
        dropout: float = 0.0,
        bound: Callable[[Tensor], Tensor] = torch.tanh,
    ) -> None:
        super().__init__()
        features = 2 * narrow(CHANNELS[-1], width)
        self.audio_model = nn.ModuleDict({"resnet": ResNet18(width)})
        self.video_model = nn.ModuleDict({"r2plus1d": R2Plus1D(width)})
        self.fc = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(features, EXPRESSIONS + DIMENSIONS + len(units))
        )
        self.units = tuple(units)
        self.bound = bound

    def forward(self, clips: Tensor, mel: Tensor) -> dict[str, Tensor]:
        """Clips [N, 4, T, S, S] of `prepare` and mel [N, 1, 64, R] to logits AU, EXPR and to VA, by task."""
        sound, video = self.audio_model["resnet"](mel), self.video_model["r2plus1d"](clips)
        outputs = self.fc(torch.cat([sound, video], dim=1))
        expressions, va, units = outputs.split([EXPRESSIONS, DIMENSIONS, len(self.units)], dim=1)
        return {"AU": units, "EXPR": expressions, "VA": self.bound(va)}


class PublishedTSAV(nn.Module):
    """TSAV as published, its answers in the places of Aff-Wild2 2021's 12 action units.

    Units that it does not know are NaN; AU20, which has no place there, stands apart. The outputs of action
    units are taken for logits; the released code calls a unit present above 0.5, not above 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = TSAV(TSAV_UNITS, bound=F.hardtanh)

    def forward(self, clips: Tensor, mel: Tensor) -> dict[str, Tensor]:
        """As `TSAV`: AU [N, 12] with NaN, EXPR [N, 7], VA [N, 2]; and AU20 [N, 1]."""
        known = self.network(clips, mel)
        units = known["AU"].new_full((len(clips), len(UNITS)), torch.nan)
        for place, source in SHARED:
            units[:, place] = known["AU"][:, source]
        return {**known, "AU": units, "AU20": known["AU"][:, [TSAV_UNITS.index(20)]]}


def prepare(clips: Tensor) -> Tensor:
    """uint8 [N, T, S, S, 4], RGB and mask, to float [N, 4, T, S, S], (x / 255 − mean) / std.

    Absent frames are black before this, as in TSAV's released code; so is the mask where there is none.
    """
    mean, std = (torch.tensor(values, device=clips.device) for values in (MEAN, STD))
    x = (clips.float() / 255 - mean) / std
    return x.permute(0, 4, 1, 2, 3)  # channels last in memory


class R2Plus1D(nn.Module):
    """R(2+1)D-18 on four channels; each 3-D convolution is one in space, then one in time."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        middle = STEM if width == 1 else narrow(STEM, width)
        first, *channels = (narrow(count, width) for count in (CHANNELS[0], *CHANNELS))
        self.stem = nn.Sequential(
            nn.Conv3d(len(MEAN), middle, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
            nn.BatchNorm3d(middle),
            nn.ReLU(inplace=True),
            nn.Conv3d(middle, first, (3, 1, 1), padding=(1, 0, 0), bias=False),
            nn.BatchNorm3d(first),
            nn.ReLU(inplace=True),
        )
        self.layer1 = _video_layer(first, channels[0], 1)
        self.layer2 = _video_layer(channels[0], channels[1], 2)
        self.layer3 = _video_layer(channels[1], channels[2], 2)
        self.layer4 = _video_layer(channels[2], channels[3], 2)
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 4, T, S, S] to the mean of the last layer, [N, 512]."""
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return x.mean((2, 3, 4))


class ResNet18(nn.Module):
    """ResNet18 on mels as images of one channel."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, *channels = (narrow(count, width) for count in (CHANNELS[0], *CHANNELS))
        self.conv1 = nn.Conv2d(1, first, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = _audio_layer(first, channels[0], 1)
        self.layer2 = _audio_layer(channels[0], channels[1], 2)
        self.layer3 = _audio_layer(channels[1], channels[2], 2)
        self.layer4 = _audio_layer(channels[2], channels[3], 2)
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 1, 64, R] to the mean of the last layer, [N, 512]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


def _video_layer(inputs: int, channels: int, stride: int) -> nn.Sequential:
    shortcut = _shortcut(nn.Conv3d, nn.BatchNorm3d, inputs, channels, stride)
    first = VideoBlock(inputs, channels, Conv2Plus1D, stride, shortcut)
    return nn.Sequential(first, VideoBlock(channels, channels, Conv2Plus1D))


def _audio_layer(inputs: int, channels: int, stride: int) -> nn.Sequential:
    shortcut = _shortcut(nn.Conv2d, nn.BatchNorm2d, inputs, channels, stride)
    return nn.Sequential(BasicBlock(inputs, channels, stride, shortcut), BasicBlock(channels, channels))


def _shortcut(
    conv: type[nn.Module], norm: type[nn.Module], inputs: int, channels: int, stride: int
) -> nn.Sequential | None:
    """The projection of a block that changes the shape of its input."""
    if stride == 1 and inputs == channels:
        return None
    return nn.Sequential(conv(inputs, channels, 1, stride, bias=False), norm(channels))


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def load_tsav(path: Path) -> tuple[PublishedTSAV, Report]:
    """The published network in eval mode, without gradients.

    Errors: UserError for a file that is not read, or that is not whole, with what is missing or unexpected.
    """
    model = PublishedTSAV()
    report = load_file_into(model.network, path)
    model.eval().requires_grad_(False)
    return model, report


def start_from_tsav(model: TSAV, path: Path) -> Report:
    """Start a network of width 1 from the published weights; the report is of the whole file.

    Of the head, the rows of expressions, valence, arousal and the units that both know are taken over; AU20
    has no place, and AU7, 10, 23, 24 and 26 stay as they were made. Errors: as `load_tsav`.
    """
    tensors = read_weights(path)
    whole = TSAV(TSAV_UNITS, bound=model.bound)
    report = load_weights(whole, tensors, source=path)
    own, state = model.state_dict(), whole.state_dict()
    heads = {name: _carried(own[name], state[name]) for name in own if name.startswith(HEAD)}
    load_weights(model, {**state, **heads}, source=path)
    return report


def _carried(own: Tensor, published: Tensor) -> Tensor:
    """The head's rows [9 + 12, …] with those that the published head [9 + 8, …] has."""
    rows = own.clone()
    rows[:OWN] = published[:OWN]
    for place, source in SHARED:
        rows[OWN + place] = published[OWN + source]
    return rows
