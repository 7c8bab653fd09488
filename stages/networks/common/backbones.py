"""Backbones by name, each with the input that it was trained on: a file of stages/networks with `PUBLISHED`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.core.errors import UserError

NETWORKS = Path(__file__).parents[1]


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


@dataclass(frozen=True)
class Form:
    """A form in which a network's weights are published: its input, and what its files look like.

    `file_name` gives the name that a tensor has in the published file; `extra` are prefixes of what else is
    there, the classifier over the training identities.
    """

    front_end: FrontEnd
    file_name: Callable[[str], str] = str
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """A published network: how to build it, its depths, the length of its features at a width, its forms.

    The first form, by name, is that of a network that is trained here.
    """

    build: Callable[..., nn.Module]
    depths: tuple[int, ...]
    forms: dict[str, Form]
    features: Callable[[float], int] = lambda _: 512


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


@cache
def kinds() -> tuple[str, ...]:
    """Names of the files of stages/networks that hold a backbone."""
    files = sorted(NETWORKS.glob("*.py"))
    return tuple(file.stem for file in files if "\nPUBLISHED = " in file.read_text(encoding="utf-8"))


def find_published(kind: str) -> Published:
    """What the file of this name publishes. Errors: UserError where there is none."""
    name = f"stages.networks.{kind}"
    module = import_module(name) if kind.isidentifier() and find_spec(name) else None
    published: Published | None = getattr(module, "PUBLISHED", None)
    if published is None:
        known = ", ".join(kinds())
        raise UserError(f"params.yaml, key kind: {kind!r} is no backbone; choose one of {known}")
    return published


def front_end_of(kind: str, input_size: int | None = None, form: str | None = None) -> FrontEnd:
    """What a backbone expects, from what builds it; the first form's, where none is named."""
    forms = find_published(kind).forms
    front_end = forms[form or next(iter(forms))].front_end
    return replace(front_end, size=input_size or front_end.size)


def build_backbone(
    kind: str,
    depth: int,
    width: float = 1.0,
    input_size: int | None = None,
    form: str | None = None,
    dropout: float = 0.0,
) -> Backbone:
    """Backbone `kind` with random weights; `width` below 1 and a smaller `input_size` shrink it.

    Errors: UserError for a kind or depth that does not exist.
    """
    published = find_published(kind)
    if depth not in published.depths:
        raise UserError(f"params.yaml, key depth: {kind} has no depth {depth}, only {published.depths}")
    front_end = front_end_of(kind, input_size, form)
    network = published.build(depth, width=width, input_size=front_end.size, dropout=dropout)
    return Backbone(network, front_end, published.features(width))
