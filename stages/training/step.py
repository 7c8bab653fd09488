"""Training one step of a system, whatever kind of model it is: the way of all training stages with a model."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pandas as pd
from torch import nn

from stages.core.card import ChosenOn, kind_named
from stages.core.params import load_run
from stages.core.paths import INDEX, MODELS
from stages.core.resume import resumable
from stages.core.runtime import argument, start
from stages.training.checkpoints import Outs, Stands, exhausted, outs_of, predict_whole, publish, recorder
from stages.training.fit import History
from stages.training.footage import Split, read_split
from stages.training.train import train
from stages.training.trained import Models


def run(kind: str) -> None:
    """The front door of a kind: read the run's parameters, train, publish."""
    module = kind_named(kind)
    params = load_run(module.Params, kind, argument("run"))
    train_step(module, params, outs_of(params.system, params.step))


def train_step(kind: ModuleType, params: Any, outs: Outs) -> None:
    """Train a model of `kind` and publish its epochs; goes on where a killed run stopped.

    A model with a `teacher` predicts by that, which follows after each step of the optimizer.
    """
    fabric = start(params.threads, params.seed)
    table, models = pd.read_parquet(INDEX), Models(MODELS, fabric.device)
    card = kind.describe(params)
    with resumable(card.kind, card.params, card.data, card.code) as state:
        seen, validation = (read_split(table, name, models, state) for name in ("train", "validation"))
        model = kind.build(card, params)
        network = getattr(model, "teacher", model)
        look = glance(kind, params) or kind.predict
        own = judge(kind, params, network, seen)
        history = train(
            model,
            kind.loss(params),
            kind.batches(params, card, seen, fabric),
            params,
            state=state,
            fabric=fabric,
            on_epoch=recorder(
                state,
                lambda: look(network, card, validation),
                table,
                network,
                own,
                params.keep,
                params.stands,
            ),
            after_step=getattr(model, "follow", None),
            stop=stop(params.patience),
        )
        if fabric.is_global_zero:
            if look is not kind.predict:
                predict_whole(state, network, lambda: kind.predict(network, card, validation))
            publish(state, outs, history, card, params.stands, chosen_on(params.stands, own is not None))


def judge(kind: ModuleType, params: Any, network: nn.Module, seen: Split) -> Callable[[], float] | None:
    """What epochs are told apart by in place of the validation videos, if the kind has a way of its own."""
    find = getattr(kind, "judge", None)
    found: Callable[[], float] | None = find(params, network, seen) if find else None
    return found


def chosen_on(stands: Stands, judged: bool) -> ChosenOn:
    """What the checkpoint that stands was chosen on."""
    if stands == "last":
        return "nothing"
    return "training" if judged else "validation"


def glance(kind: ModuleType, params: Any) -> Callable[..., pd.DataFrame] | None:
    """How epochs are looked at while training in place of `predict`, if the kind has a way of its own."""
    find = getattr(kind, "glance", None)
    found: Callable[..., pd.DataFrame] | None = find(params) if find else None
    return found


def stop(patience: int | None) -> Callable[[History], bool] | None:
    """When training ends before its last epoch; None: never."""
    return None if patience is None else lambda history: exhausted(history, patience)
