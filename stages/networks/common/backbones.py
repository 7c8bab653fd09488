"""Backbones by name, each with the input that it was trained on. A new one is one line of `BACKBONES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.core.errors import UserError
from stages.networks.ir_se import BLOCKS as IR_SE_BLOCKS
from stages.networks.ir_se import ir_se
from stages.networks.iresnet import BLOCKS as IRESNET_BLOCKS
from stages.networks.iresnet import iresnet
from stages.networks.vggface2 import BLOCKS as RESNET_BLOCKS
from stages.networks.vggface2 import dag_name, features_of, resnet


@dataclass(frozen=True)
class FrontEnd:
    """What a backbone expects: pixels a side, channel order, and (scale · x − mean) / std in that order."""

    size: int
    order: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def prepare(self, images: Tensor) -> Tensor:
        """uint8 RGB [N, H, W, 3] to float [N, 3, size, size], channels last in memory."""
        x = images.permute(0, 3, 1, 2).float()
        if x.shape[-2:] != (self.size, self.size):
            x = F.interpolate(x, size=(self.size, self.size), mode="bilinear", antialias=True)
        if self.order == "BGR":
            x = x.flip(1)
        mean, std = (torch.tensor(v, device=x.device)[:, None, None] for v in (self.mean, self.std))
        return (x * (self.scale / std) - mean / std).contiguous(memory_format=torch.channels_last)


ARCFACE = FrontEnd(112, "RGB", 1 / 255, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# Cao et al. 2018, 4.1: crops of 224 pixels less the mean; the two files differ in the order of channels.
VGGFACE2 = FrontEnd(224, "BGR", 1.0, (91.4953, 103.8827, 131.0912), (1.0, 1.0, 1.0))
VGGFACE2_DAG = FrontEnd(224, "RGB", 1.0, (131.0912, 103.8827, 91.4953), (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class Published:
    """A published network: how to build it, its depths, its input, the length of its features at a width.

    `file_name` gives the name that a tensor has in the published file; `extra` are prefixes of what else is
    there, the classifier over the training identities.
    """

    build: Callable[..., nn.Module]
    depths: tuple[int, ...]
    front_end: FrontEnd
    features: Callable[[float], int] = lambda _: 512
    file_name: Callable[[str], str] = str
    extra: tuple[str, ...] = ()


RESNET_DEPTHS = tuple(RESNET_BLOCKS)
BACKBONES = {
    "iresnet": Published(iresnet, tuple(IRESNET_BLOCKS), ARCFACE),
    "ir_se": Published(ir_se, tuple(IR_SE_BLOCKS), ARCFACE),
    "vggface2": Published(resnet, RESNET_DEPTHS, VGGFACE2, features_of, extra=("fc.",)),
    "vggface2_dag": Published(resnet, RESNET_DEPTHS, VGGFACE2_DAG, features_of, dag_name, ("classifier.",)),
}


class Backbone(nn.Module):
    """A published network and its front end; `network` holds the tensors under their published names."""

    def __init__(self, network: nn.Module, front_end: FrontEnd, features: int) -> None:
        super().__init__()
        self.network = network
        self.front_end = front_end
        self.features = features

    def forward(self, x: Tensor) -> Tensor:
        """What `front_end.prepare` makes, float [N, 3, S, S], to [N, features]."""
        return cast(Tensor, self.network(x))


def find_published(kind: str) -> Published:
    """Entry of the registry. Errors: UserError for a kind that it lacks."""
    if kind not in BACKBONES:
        known = ", ".join(BACKBONES)
        raise UserError(f"params.yaml, key kind: {kind!r} is no backbone; choose one of {known}")
    return BACKBONES[kind]


def build_backbone(
    kind: str, depth: int, width: float = 1.0, input_size: int | None = None, dropout: float = 0.0
) -> Backbone:
    """Backbone `kind` with random weights; `width` below 1 and a smaller `input_size` shrink it.

    Errors: UserError for a kind or depth that does not exist.
    """
    published = find_published(kind)
    if depth not in published.depths:
        raise UserError(f"params.yaml, key depth: {kind} has no depth {depth}, only {published.depths}")
    front_end = replace(published.front_end, size=input_size or published.front_end.size)
    network = published.build(depth, width=width, input_size=front_end.size, dropout=dropout)
    return Backbone(network, front_end, published.features(width))
