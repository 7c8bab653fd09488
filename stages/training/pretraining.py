"""Pretraining a backbone: on what, by which recipe, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from torch import nn

from stages.core.card import save_model
from stages.core.files import write_csv, write_json
from stages.core.resume import data_digest, resumable, stage_code
from stages.core.runtime import atomic_dir, start
from stages.networks.common.architecture import Architecture
from stages.networks.common.backbones import Backbone
from stages.networks.common.pretrained import BackboneCard
from stages.training.fit import History, Loss
from stages.training.recipe import Recipe
from stages.training.train import train

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Scores = dict[str, float]
SCORES = ("auc", "f1", "accuracy")


class Supervision(NamedTuple):
    """A model around the backbone and what `fit` needs to train it.

    `validate` scores people held out; its first figure is the one to follow.
    """

    model: nn.Module
    loss: Loss
    batches: Callable[[int], Iterable[Any]]
    validate: Callable[[], Scores]

    def learn(self, recipe: Recipe, state: Path, machine: Fabric) -> History:
        """Train; goes on where a killed run stopped."""
        return train(
            self.model,
            self.loss,
            self.batches,
            recipe,
            state=state,
            fabric=machine,
            on_epoch=lambda _: self.validate(),
        )


class Result(NamedTuple):
    """A backbone, what builds it, its curve (losses, and scores at the end), and what came from a file."""

    network: Architecture
    backbone: Backbone
    history: History
    weights: dict[str, int] | None = None


def produce(
    stage: str,
    name: str,
    recipe: Recipe,
    inputs: Sequence[Path],
    networks: Sequence[str],
    make: Callable[[Path, Fabric], Result],
    models: Path,
    metrics: Path,
) -> None:
    """Publish what `make(state, machine)` trains or imports as `models`/name and `metrics`/name.

    `inputs`: what it depends on beside code and parameters; `networks`: files of stages/networks that it finds by
    name.
    """
    machine = start(recipe.threads, recipe.seed)
    settings = recipe.model_dump(mode="json")
    data, code = data_digest(inputs), stage_code(stage, *networks)
    with resumable(stage, settings, data, code) as state:
        result = make(state, machine)
        if machine.is_global_zero:
            card = BackboneCard(
                stage=stage,
                name=name,
                network=result.network,
                weights=result.weights,
                params=settings,
                data=data,
                code=code,
                scores={key: score for key, score in result.history[-1].items() if key in SCORES},
            )
            publish(result, card, models / name, metrics / name)


def publish(result: Result, card: BackboneCard, model: Path, metrics: Path) -> None:
    """Write the folder `model`, and `metrics` with the suffixes .json and .csv.

    The table has `score`, the first of the scores, whatever it is; of a backbone that was not measured it is empty.
    """
    curve = pd.DataFrame(result.history)
    with atomic_dir(model) as folder:
        save_model(folder, result.backbone.network.state_dict(), card)
    write_json(metrics.with_suffix(".json"), card.scores)
    first = next(iter(card.scores), None)
    write_csv(metrics.with_suffix(".csv"), curve.assign(score=curve[first] if first else None))
