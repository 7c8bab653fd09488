"""A recognition backbone trained further on expressions or action units of stills (Jiang et al. 2022, 4.1).

Run: python -m stages.specialise NAME, a block of section `specialise` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from stages.learning.affect import affect
from stages.learning.augment import Augment
from stages.learning.card import read_card
from stages.learning.pretraining import Result, publish, train
from stages.learning.recipe import Recipe
from stages.learning.state import data_digest, resumable
from stages.networks.pretrained import load_backbone
from stages.params import load
from stages.runtime import argument, fabric, main, setup_torch

MODELS = Path("models/pretrain")
METRICS = Path("metrics/pretrain")


class Params(Recipe):
    """Block `specialise.<name>` of params.yaml."""

    start: Path
    stills: Path
    target: Literal["EXPR", "AU"]
    augment: Augment
    seed: int
    threads: int


def run() -> None:
    """Read params; train; write the backbone, its scores and the training curve."""
    name = argument("backbone")
    specialise(name, load(Params, f"specialise.{name}", f"specialise@{name}"), MODELS, METRICS)


def specialise(name: str, params: Params, models: Path, metrics: Path) -> None:
    """Write `models`/name (weights, card), `metrics`/name.json (scores) and .csv (the training curve)."""
    setup_torch(params.threads, params.seed)
    machine = fabric()
    machine.launch()
    settings, inputs = params.model_dump(mode="json"), [params.start, params.stills]
    with resumable("specialise", settings, inputs) as state:
        backbone = load_backbone(params.start, params.dropout)
        lesson = affect(
            backbone,
            params.target,
            params.stills,
            params.augment,
            batch=params.batch,
            seed=params.seed,
            fabric=machine,
        )
        history = train(lesson, params, params.seed, state, machine)
        card = {"stage": "specialise", "system": name, "params": settings, "data": data_digest(inputs)}
        if machine.is_global_zero:
            network = {"network": read_card(params.start)["network"]}
            publish(Result(network, backbone, history), card, models / name, metrics / name)


if __name__ == "__main__":
    main(run)
