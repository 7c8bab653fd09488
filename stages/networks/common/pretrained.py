"""Backbones with weights: published files as they are, and the folders that stage `pretrain` leaves."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import torch

from stages.core.card import Card, read_as
from stages.core.errors import UserError
from stages.networks.common.architecture import Architecture
from stages.networks.common.backbones import Backbone, build_backbone, find_published, kinds
from stages.networks.common.weights import COUNTER, Report, load_file_into, load_weights, read_weights

FEW = 10  # missing tensors with which a file is still known for what it is


class BackboneCard(Card):
    """`stage` and `name` of a backbone; `network` builds it; `weights`: how many tensors came from a file."""

    stage: str
    name: str
    network: Architecture
    weights: dict[str, int] | None = None


def import_backbone(kind: str, path: Path) -> tuple[Backbone, Architecture, Report]:
    """Backbone of the published size with the weights of file `path`, what builds it, and what was loaded.

    The names of the tensors tell its depth and form.
    Errors: UserError for a file that is not read or does not fit, with what is missing or unexpected.
    """
    published = find_published(kind)
    tensors = read_weights(path)
    _check_kind(kind, set(tensors), path)
    form, depth = _closest(kind, set(tensors))
    backbone = build_backbone(kind, depth, form=form)
    report = load_weights(
        backbone.network,
        tensors,
        source=path,
        allow_unexpected=published.forms[form].extra,
        file_name=published.forms[form].file_name,
    )
    size = backbone.front_end.size
    return backbone, Architecture(kind=kind, depth=depth, input_size=size, form=form), report


def load_backbone(folder: Path, dropout: float = 0.0, input_size: int | None = None) -> Backbone:
    """Backbone of `folder` as its card says, with the weights in it; `dropout` as in `Architecture.build`.

    `input_size`: as in `sized`. Errors: UserError where the folder is not one of a pretrained backbone, or its
    weights do not fit.
    """
    backbone = sized(read_network(folder), input_size).build(dropout)
    load_file_into(backbone.network, folder / "model.safetensors")
    return backbone


def read_network(folder: Path) -> Architecture:
    """What builds the backbone of a folder. Errors: UserError where it is not one of a pretrained backbone."""
    return read_as(BackboneCard, folder).network


def sized(network: Architecture, input_size: int | None) -> Architecture:
    """A network for images of another size, pixels a side; None: as it is. Its weights have to fit that."""
    return network if input_size is None else replace(network, input_size=input_size)


def _check_kind(kind: str, found: Set[str], path: Path) -> None:
    """Errors: UserError where the file is that of another published network, whole or nearly so."""
    missing = {name: len(_names(name, *_closest(name, found)) - found) for name in kinds()}
    best = min(missing, key=lambda name: (missing[name], name != kind))
    if best != kind and missing[best] <= FEW:
        raise UserError(f"{path}: has the tensors of {best}, not of {kind}; set the key kind to {best}")


def _closest(kind: str, found: Set[str]) -> tuple[str, int]:
    """Form and depth in which the network's names are most like those found."""
    published = find_published(kind)
    ways = product(published.forms, published.depths)
    return min(ways, key=lambda way: len(_names(kind, *way) ^ found))


@cache
def _names(kind: str, form: str, depth: int) -> frozenset[str]:
    """Names of the tensors in a published file, but for counters, which some leave out."""
    with torch.device("meta"):
        names = build_backbone(kind, depth).network.state_dict()
    file_name = find_published(kind).forms[form].file_name
    return frozenset(file_name(name) for name in names if not name.endswith(COUNTER))
