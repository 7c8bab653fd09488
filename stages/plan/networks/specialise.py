"""What `specialise` trains: a backbone and one head, on the labels of a still set."""

from __future__ import annotations

from pathlib import Path

from stages.core.params import Values
from stages.core.paths import PRETRAINED
from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.plan.counts import Counts
from stages.plan.networks.finetune import prepared
from stages.plan.outline import Made, Outline, recipe_of


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline:
    """A visual model with one head."""
    network = made.backbone(Path(values["backbone"]))
    made.backbones[PRETRAINED / Path(stage.partition("@")[2])] = network
    backbone = network.build()
    return Outline(
        VisualModel(backbone, Heads(backbone.features, (values["target"],))),
        prepared(backbone.front_end.size),
        "images",
        recipe_of(values),
        made.stills(values["stills"]),
    )
