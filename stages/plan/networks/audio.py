"""What `audio` trains: an audio stream on windows of features and mels."""

from __future__ import annotations

import torch

from stages.audio.model import Card, Params, build
from stages.core.params import Values, check
from stages.core.paths import MODELS
from stages.params.places import sections
from stages.plan.counts import Counts
from stages.plan.outline import MADE, Made, Outline, windows


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline:
    """The run's stream and heads; the visual model beside it is frozen and not there."""
    params = check(Params, values, sections(made.values, stage)[0])
    card = Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        reads=str(params.reads),
        embedded=None,
        visual=made.features[params.reads],
        features=params.features,
        window=params.window,
        predict_stride=params.predict_stride,
        steps=params.mel_steps,
        front_end=params.front_end,
        **MADE,
    )
    made.cards[MODELS / params.system / params.step] = card
    frames, mels = params.window, params.mel_steps
    return Outline(
        build(card),
        lambda n: (torch.empty(n, frames, card.visual), torch.empty(n, mels, 64)),
        "windows",
        params,
        windows(params, counts, "train", params.stride),
        windows(params, counts, "validation", params.predict_stride),
    )
