"""Backbones with weights: published files as they are, and the folders that stage `pretrain` leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from stages.errors import UserError
from stages.networks.backbones import Backbone, build_backbone, find_published
from stages.networks.weights import COUNTER, Report, load_file_into, load_weights, read_weights


def import_backbone(kind: str, path: Path) -> tuple[Backbone, dict[str, Any], Report]:
    """Backbone of the published size with the weights of file `path`, and its `network` for a card.

    The names of the tensors tell its depth.
    Errors: UserError for a file that is not read or does not fit, with what is missing or unexpected.
    """
    depths = find_published(kind).depths
    tensors = read_weights(path)
    found = {name for name in tensors if not name.endswith(COUNTER)}
    depth = min(depths, key=lambda depth: len(_names(kind, depth) ^ found))
    backbone = build_backbone(kind, depth)
    network = {"kind": kind, "depth": depth, "width": 1.0, "input_size": backbone.front_end.size}
    return backbone, network, load_weights(backbone.network, tensors, source=path)


def load_backbone(folder: Path, dropout: float = 0.0) -> Backbone:
    """Backbone of `folder`: its card's `network` (kind, depth, width, input_size), `model.safetensors` in it.

    `dropout` is that before the last linear layer, a matter of the training to come.
    Errors: UserError where the folder is not one of a pretrained backbone, or its weights do not fit.
    """
    card = folder / "card.json"
    if not card.is_file():
        raise UserError(f"{card}: there is no such file; run the stage pretrain, or name another backbone")
    network = json.loads(card.read_text()).get("network")
    if network is None:
        raise UserError(f"{card}, key network: is missing; name the folder of a pretrained backbone")
    backbone = build_backbone(**network, dropout=dropout)
    load_file_into(backbone.network, folder / "model.safetensors")
    return backbone


def _names(kind: str, depth: int) -> set[str]:
    with torch.device("meta"):
        names = build_backbone(kind, depth).network.state_dict()
    return {name for name in names if not name.endswith(COUNTER)}
