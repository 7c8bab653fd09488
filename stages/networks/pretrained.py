"""A pretrained backbone as stage `pretrain` leaves it: what to build, and its weights."""

from __future__ import annotations

import json
from pathlib import Path

from stages.errors import UserError
from stages.networks.backbones import Backbone, build_backbone
from stages.networks.weights import load_file_into


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
