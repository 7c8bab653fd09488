"""What `clips` trains: an aural-visual model on clips of faces, masks and sound."""

from __future__ import annotations

from typing import Any

import torch

from stages.clips.cutting import Shape
from stages.clips.model import Card, Params, build
from stages.core.params import Values, check
from stages.networks.tsav import prepare
from stages.params.places import sections
from stages.plan.counts import Counts
from stages.plan.outline import MADE, Made, Outline


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline:
    """The run's network, with its teacher if it has one."""
    params = check(Params, values, sections(made.values, stage)[0])
    shape = Shape(params.frames, params.dilation, params.input_size, params.mel_rows, params.mel_steps)
    card = Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        width=1.0 if params.weights else params.width,
        clip=shape,
        mask=params.mask,
        scheme=None,
        front_end=params.front_end,
        predict_stride=params.predict_stride,
        **MADE,
    )

    def inputs(n: int) -> tuple[Any, ...]:
        clips = prepare(torch.empty(n, shape.frames, shape.size, shape.size, 4, dtype=torch.uint8))
        seen = (clips, torch.empty_like(clips)) if params.teacher else (clips,)
        return *seen, torch.empty(n, 1, 64, shape.steps)

    validated = max(counts.known(task, "validation") for task in params.tasks)
    return Outline(
        build(card, params.model_copy(update={"weights": None})),
        inputs,
        "clips",
        params,
        params.batch * params.batches,
        validated // (params.predict_stride or 1),
    )
