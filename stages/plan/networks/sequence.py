"""What `sequence` trains: a sequence model on windows of features."""

from __future__ import annotations

import torch

from stages.core.params import Values, check
from stages.params.places import sections
from stages.plan.counts import Counts
from stages.plan.outline import MADE, Made, Outline, windows
from stages.sequence.model import SHAPE, Card, Params, build, window_of


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline:
    """The run's encoder and heads; what it reads is frozen and not there."""
    params = check(Params, values, sections(made.values, stage)[0])
    read = made.cards[params.reads]
    card = card_of(params, read, made)
    return Outline(
        build(card),
        lambda n: tuple(torch.empty(n, card.window, length) for length in (card.visual, card.audio)),
        "windows",
        params,
        windows(params, counts, "train", params.stride),
        windows(params, counts, "validation", params.predict_stride or 1),
    )


def card_of(params: Params, read: object, made: Made) -> Card:
    """The card of a training to come that reads the model of the card `read`."""
    sees = getattr(read, "reads", None)
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        sees=sees or str(params.reads),
        embedded=None,
        visual=getattr(read, "visual", None) or made.features[params.reads],
        hears=str(params.reads) if sees else None,
        audio=getattr(read, "features", 0),
        front_end=getattr(read, "front_end", None),
        encoder=params.network,
        shape=params.model_dump(include=SHAPE),
        window=window_of(params, read),
        predict_stride=params.predict_stride,
        **MADE,
    )
