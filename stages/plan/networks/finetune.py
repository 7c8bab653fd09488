"""What `finetune` trains: a visual model on the faces of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from stages.core.params import Values, check
from stages.core.paths import MODELS
from stages.finetune.model import PARTS, Card, Params, build
from stages.networks.common.pretrained import sized
from stages.params.places import sections
from stages.plan.counts import Counts
from stages.plan.outline import MADE, Made, Outline


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline:
    """The run's backbone, neck and heads."""
    params = check(Params, values, sections(made.values, stage)[0])
    card = card_of(params, made)
    model = build(card)
    made.cards[MODELS / params.system / params.step] = card
    made.features[MODELS / params.system / params.step] = model.backbone.features
    return Outline(
        model,
        prepared(model.backbone.front_end.size),
        "images",
        params,
        steps(params, counts) * params.batch,
        max(counts.known(task, "validation") for task in params.tasks),
    )


def card_of(params: Params, made: Made) -> Card:
    """The card of a training to come."""
    parts = params.model_dump(include=PARTS)
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        network=sized(made.backbone(params.backbone), params.input_size),
        neck=params.network,
        parts=parts if any(parts.values()) else {},
        hidden=params.hidden,
        **MADE,
    )


def prepared(size: int) -> Callable[[int], tuple[Any, ...]]:
    """Prepared images [N, 3, size, size]."""
    return lambda n: (torch.empty(n, 3, size, size),)


def steps(params: Params, counts: Counts) -> int:
    """Batches of an epoch on the corpus alone, as `sampler` draws them.

    Where tasks take turns epoch by epoch, of a mean epoch; frames with both labels of `subsets` are at most
    those of the rarer one.
    """
    left = (params.folds - 1) / params.folds if params.folds else 1.0
    known = {task: int(counts.known(task) * left) for task in params.turns or params.tasks}
    filled = {task: max(1, count // params.batch) for task, count in known.items() if count}
    order = [task for task in params.turns or params.tasks if task in filled]
    if params.sampling == "balanced":
        every = max(1, int(known["AU"] * (1 + params.ml_ros)) // params.batch)
    elif params.sampling == "subsets":
        every = filled["EXPR"] + filled["AU"] + min(filled["EXPR"], filled["AU"])
    elif params.sampling == "epoch":
        every = round(sum(filled[task] for task in order) / len(order))
    else:
        every = max(-(-count // order.count(task)) for task, count in filled.items()) * len(order)
    return min(every, params.batches or every)
