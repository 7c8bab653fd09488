"""What `pretrain` trains: a backbone on the people of a still set."""

from __future__ import annotations

from pathlib import Path

import torch

from stages.core.params import Values
from stages.core.paths import PRETRAINED
from stages.networks.common.architecture import Architecture
from stages.plan.counts import Counts
from stages.plan.outline import Made, Outline, recipe_of
from stages.pretrain.cosface import CosFace, Recogniser


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline | None:
    """A backbone and CosFace; None where published weights are taken."""
    network = Architecture(values["kind"], values["depth"], values["width"], values["input_size"])
    if values["weights"]:
        network = Architecture(values["kind"], values["depth"])
    made.backbones[PRETRAINED / Path(stage.partition("@")[2])] = network
    if values["weights"]:
        return None
    backbone = network.build()
    size = backbone.front_end.size
    return Outline(
        Recogniser(backbone, CosFace(backbone.features, made.people(values["stills"]))),
        lambda n: (torch.empty(n, 3, size, size), torch.zeros(n, dtype=torch.long)),
        "images",
        recipe_of(values),
        made.stills(values["stills"]),
    )
