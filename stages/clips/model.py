"""Aural-visual models on clips of faces, masks and sound: supervised, or with a mean teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd
from pydantic import PositiveInt
from torch import nn

from stages.clips.augment import ClipAugment
from stages.clips.batches import ClipBatch, clip_batches, hide_labels, student_loss, taught_loss
from stages.clips.cutting import Clips, Shape, read_clips, with_stills
from stages.clips.mean_teacher import MeanTeacher, ramp_up
from stages.clips.prediction import predict_clips, strided
from stages.core.card import ModelCard
from stages.core.paths import EXTRA, FRAMES, INDEX, MASKS, MELS
from stages.core.resume import data_digest, stage_code
from stages.core.runtime import log
from stages.networks.tsav import TSAV, start_from_tsav
from stages.scoring.tables.prediction_table import prediction_table
from stages.training.fit import Loss
from stages.training.footage import Footage, noted
from stages.training.objectives import Objectives
from stages.training.recipe import Course
from stages.training.samples.extra_stills import read_extra
from stages.training.samples.faces import Labels

if TYPE_CHECKING:
    from lightning_fabric import Fabric

KIND: Literal["clips"] = "clips"
WHOLE, NARROW = 8, 64  # clips run at once: TSAV in its published size needs 7 GB for 64


class Params(Course, Objectives):
    """Section `<system>.clips` of params.yaml and the run's entry in `runs.clips`."""

    system: str
    step: str
    weights: Path | None
    width: float
    frames: int
    dilation: int
    input_size: int
    mask: Literal["none", "lines", "filled"]
    front_end: str
    mel_rows: int
    mel_steps: int
    tasks: tuple[str, ...]
    extra: bool
    batches: int
    hide: float
    teacher: bool
    decay: float
    consistency: float
    ramp_up: int
    augment: ClipAugment
    predict_stride: PositiveInt | None
    validate_stride: PositiveInt | None = None


class Card(ModelCard):
    """`width` of the network, the `clip` that it reads, its masks and their landmark scheme, its mels."""

    kind: Literal["clips"] = KIND
    width: float
    clip: Shape
    mask: str
    scheme: str | None
    front_end: str
    predict_stride: int | None


def describe(params: Params) -> Card:
    """What the model is, and where it comes from. Errors: UserError where an input is missing."""
    masks = None if params.mask == "none" else MASKS / params.mask
    extra = EXTRA if params.extra else None
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        width=1.0 if params.weights else params.width,  # published weights, published size
        clip=Shape(params.frames, params.dilation, params.input_size, params.mel_rows, params.mel_steps),
        mask=params.mask,
        scheme=noted(masks, "scheme"),
        front_end=params.front_end,
        predict_stride=params.predict_stride,
        params=params.model_dump(mode="json"),
        data=data_digest([INDEX, FRAMES, masks, MELS / params.front_end, params.weights, extra]),
        code=stage_code(KIND),
    )


def build(card: Card, params: Params | None = None) -> nn.Module:
    """The network of a card; with the parameters of a training, as that starts, perhaps with its teacher."""
    network = TSAV(width=card.width, dropout=params.dropout if params else 0.0)
    if params is None:
        return network
    if params.weights:
        log.print(f"{params.weights}: {start_from_tsav(network, params.weights)}")
    return MeanTeacher(network, params.decay) if params.teacher else network


def batches(
    params: Params, card: Card, footage: Footage, fabric: Fabric
) -> Callable[[int], Iterator[ClipBatch]]:
    """Batches of an epoch, as `fit` asks for them: clips, some labels hidden, and the extra stills behind them."""
    clips = hide_labels(cut(card, footage), params.hide, params.seed)
    return clip_batches(
        with_stills(clips, read_extra()) if params.extra else clips,
        params.augment,
        lambda epoch: params.consistency * ramp_up(epoch, params.ramp_up),
        tasks=params.tasks,
        batch=params.batch,
        steps=params.batches,
        seed=params.seed,
        fabric=fabric,
    )


def loss(params: Params) -> Loss:
    """Sum of the tasks' losses; with a teacher, consistency with it where labels are missing."""
    return (taught_loss if params.teacher else student_loss)(params.losses())


def predict(model: nn.Module, card: Card, footage: Footage) -> pd.DataFrame:
    """Prediction table of all frames with a face."""
    clips = cut(card, footage)
    outputs = predict_clips(model, clips, card.predict_stride, at_once(card))
    return prediction_table(clips.keys(), outputs)


def glance(params: Params) -> Callable[[nn.Module, Card, Footage], pd.DataFrame] | None:
    """How epochs are looked at while training: at every `validate_stride`-th face of a trial and its last.

    None: as `predict` does.
    """
    if params.validate_stride is None:
        return None
    stride = params.validate_stride

    def look(model: nn.Module, card: Card, footage: Footage) -> pd.DataFrame:
        clips = every(cut(card, footage), stride)
        return prediction_table(clips.keys(), predict_clips(model, clips, batch=at_once(card)))

    return look


def every(clips: Clips, stride: int) -> Clips:
    """Every `stride`-th clip of a trial, and its last one."""
    rows = strided(clips.of, stride)
    labels = Labels(*(values[rows] for values in vars(clips.labels).values()))
    return replace(clips, of=clips.of[rows], place=clips.place[rows], labels=labels)


def at_once(card: Card) -> int:
    """Clips that are run at once."""
    return WHOLE if card.width == 1 else NARROW


def cut(card: Card, footage: Footage) -> Clips:
    """The clips that end with each face, as the model reads them."""
    masks, mels = footage.masks(card.mask, card.scheme), footage.mels(card.front_end)
    return read_clips(footage.table, footage.faces, masks, mels, card.clip)
