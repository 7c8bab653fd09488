"""A recognition backbone trained further on expressions or action units of stills (Jiang et al. 2022, 4.1).

Run: python -m stages.specialise NAME, a block of section `specialise` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lightning_fabric import Fabric

from stages.core.params import load_training
from stages.core.paths import METRICS, PRETRAINED
from stages.core.runtime import argument, main
from stages.networks.common.pretrained import load_backbone, read_network
from stages.specialise.still_labels import affect
from stages.training.pretraining import Result, produce
from stages.training.recipe import Recipe
from stages.training.samples.augment import Augment


class Params(Recipe):
    """Block `specialise.<name>` of params.yaml."""

    backbone: Path
    stills: Path
    target: Literal["EXPR", "AU"]
    augment: Augment


def run() -> None:
    """Read params; train; write the backbone, its scores and the training curve."""
    name = argument("backbone")
    specialise(name, load_training(Params, f"specialise.{name}"), PRETRAINED, METRICS / "pretrain")


def specialise(name: str, params: Params, models: Path, metrics: Path) -> None:
    """Write `models`/name (weights, card), `metrics`/name.json (scores) and .csv (the training curve)."""

    network = read_network(params.backbone)

    def make(state: Path, machine: Fabric) -> Result:
        backbone = load_backbone(params.backbone, params.dropout)
        lesson = affect(
            backbone,
            params.target,
            params.stills,
            params.augment,
            batch=params.batch,
            seed=params.seed,
            fabric=machine,
        )
        return Result(network, backbone, lesson.learn(params, state, machine))

    inputs = [params.backbone, params.stills]
    produce("specialise", name, params, inputs, [network.kind], make, models, metrics)


if __name__ == "__main__":
    main(run)
