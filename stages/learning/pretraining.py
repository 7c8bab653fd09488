"""Pretraining a backbone: on what, by which recipe, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from torch import nn

from stages.learning.card import save_model
from stages.learning.fit import History, Loss, fit
from stages.learning.recipe import Recipe
from stages.networks.backbones import Backbone
from stages.reporting.files import write_csv, write_json
from stages.runtime import atomic_dir

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


class Result(NamedTuple):
    """What the card says of the network, the backbone, and its curve: losses, and scores at the end."""

    origin: Mapping[str, Any]
    backbone: Backbone
    history: History


def train(lesson: Supervision, recipe: Recipe, seed: int, state: Path, machine: Fabric) -> History:
    """Train; goes on where a killed run stopped."""
    optimizer, scheduler = recipe.build(lesson.model)
    return fit(
        lesson.model,
        lesson.loss,
        lesson.batches,
        optimizer=optimizer,
        scheduler=scheduler,
        epochs=recipe.epochs,
        seed=seed,
        state=state,
        fabric=machine,
        on_epoch=lambda _: lesson.validate(),
        clip_norm=recipe.clip_norm,
    )


def publish(result: Result, card: Mapping[str, Any], model: Path, metrics: Path) -> None:
    """Write the folder `model`, and `metrics` with the suffixes .json and .csv.

    The table has `score`, the first of the scores, whatever it is.
    """
    curve = pd.DataFrame(result.history)
    scores = {key: result.history[-1][key] for key in curve if key in SCORES}
    told = {**card, **result.origin, "scores": scores}
    with atomic_dir(model) as folder:
        save_model(folder, result.backbone.network.state_dict(), told)
    write_json(metrics.with_suffix(".json"), scores)
    write_csv(metrics.with_suffix(".csv"), curve.assign(score=curve[next(iter(scores))]))
