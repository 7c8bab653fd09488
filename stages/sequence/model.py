"""Sequence models on the frozen features of a visual model, and of an audio model beside it if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from torch import nn

from stages.core.card import ModelCard, kind_of, read_card
from stages.core.errors import UserError
from stages.core.paths import FRAMES, INDEX, MELS
from stages.core.resume import data_digest, stage_code
from stages.networks.common.heads import Heads
from stages.sequence.network import SequenceModel, dense
from stages.training.fit import Loss
from stages.training.footage import Footage, noted
from stages.training.objectives import Objectives
from stages.training.recipe import Course
from stages.training.samples.faces import width_of
from stages.training.samples.tracks import Stores
from stages.training.samples.windows import Cut, Windows, cuts, read_windows
from stages.training.segments import Lesson, Material, Outputs, Segments, joint_loss, lessons, predict_windows

if TYPE_CHECKING:
    from lightning_fabric import Fabric

KIND: Literal["sequence"] = "sequence"
TRANSFORMER = {"positions", "attention_heads", "feed_forward", "pre_norm"}
SHAPE = {"project", "layers", "hidden", "bidirectional", "features", "features_norm", "relu"} | TRANSFORMER


class Params(Course, Objectives):
    """Section `<system>.sequence` of params.yaml and the run's entry in `runs.sequence`."""

    system: str
    step: str
    network: str
    reads: Path
    embeddings: Path
    tasks: tuple[str, ...]
    project: int | None = None
    layers: int
    positions: Literal["none", "sinusoidal"] = "none"
    attention_heads: int = 8
    feed_forward: int = 2048
    pre_norm: bool = False
    hidden: int = 512
    bidirectional: bool = True
    features: int | None = None
    features_norm: bool = False
    relu: bool = False
    encoder_dropout: float
    window: int | None = None
    stride: int
    predict_stride: int | None


class Card(ModelCard):
    """`sees`: folder of the visual model, `embedded` its checkpoint, `visual` the length of its features.

    `hears`: folder of an audio model, if there is one, `audio` the length of its features, `front_end` its mels.
    `encoder`: file of stages/networks, and the `shape` that it reads. Windows are cut as `cuts` has it.
    """

    kind: Literal["sequence"] = KIND
    sees: str
    embedded: str | None
    visual: int
    hears: str | None
    audio: int
    front_end: str | None
    encoder: str
    shape: dict[str, Any]
    window: int
    predict_stride: int | None


def describe(params: Params) -> Card:
    """What the model is, and where it comes from. Errors: UserError where an input is missing."""
    read: Any = read_card(params.reads)
    hears = hasattr(kind_of(read), "hear")
    front_end = read.front_end if hears else None
    stores = [FRAMES, params.embeddings, MELS / front_end if front_end else None]
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        sees=read.reads if hears else str(params.reads),
        embedded=noted(params.embeddings, "checkpoint"),
        visual=width_of(params.embeddings),
        hears=str(params.reads) if hears else None,
        audio=read.features if hears else 0,
        front_end=front_end,
        encoder=params.network,
        shape=params.model_dump(include=SHAPE),
        window=window_of(params, read),
        predict_stride=params.predict_stride,
        params=params.model_dump(mode="json"),
        data=data_digest([INDEX, params.reads, *stores]),
        code=stage_code(KIND, params.network),
    )


def window_of(params: Params, read: Any) -> int:
    """Frames of a window: the run's own, or those of the model that it reads.

    Errors: UserError where neither says.
    """
    window: int | None = params.window or getattr(read, "window", None)
    if window is None:
        raise UserError(f"params.yaml, key window of the sequence model: {params.reads} has none; give one")
    return window


def build(card: Card, params: Params | None = None) -> SequenceModel:
    """The model of a card; with the parameters of a training, with its dropout. Errors: as its encoder's."""
    fused, shape = card.visual + card.audio, card.shape
    project = nn.Linear(fused, shape["project"]) if shape["project"] else None
    make = import_module(f"stages.networks.{card.encoder}").encoder
    encoder = make(shape["project"] or fused, shape, params.encoder_dropout if params else 0.0)
    linear = dense(encoder.features, shape["features"], shape["features_norm"]) if shape["features"] else None
    dropout = params.dropout if params else 0.0
    heads = Heads(shape["features"] or encoder.features, card.tasks, dropout)
    return SequenceModel(heads, encoder, linear, project, shape["relu"])


def batches(
    params: Params, card: Card, footage: Footage, fabric: Fabric
) -> Callable[[int], Iterator[Lesson]]:
    """Batches of an epoch, as `fit` asks for them."""
    cut, _ = cuts(card.window, params.stride, card.predict_stride)
    seen = material(card, footage, cut)
    return lessons(seen, card.tasks, batch=params.batch, seed=params.seed, fabric=fabric)


def loss(params: Params) -> Loss:
    """Sum of the tasks' losses over the labelled frames."""
    return joint_loss(forward, params.losses())


def predict(model: nn.Module, card: Card, footage: Footage) -> pd.DataFrame:
    """Prediction table of all frames with a face."""
    _, cut = cuts(card.window, 1, card.predict_stride)
    return predict_windows(model, forward, material(card, footage, cut))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; frames without a face are passed over."""
    outputs: Outputs = model(segments.visual, segments.sound, segments.absent)
    return outputs


def material(card: Card, footage: Footage, cut: Cut) -> Material:
    """Windows of the footage, with the audio features of their frames, [B, F, features].

    A model that hears nothing is given no channels.
    """
    seen = footage.features(footage.models.folder(card.sees), card.embedded)
    mels = footage.mels(card.front_end) if card.front_end else None
    windows = read_windows(footage.table, Stores(footage.faces, seen, mels), cut)
    if card.hears is None:
        return Material(windows, lambda chosen: np.zeros((len(chosen), windows.length, 0), np.float32))
    return Material(windows, heard(card.hears, footage, windows, cut))


def heard(folder: str, footage: Footage, windows: Windows, cut: Cut) -> Callable[..., Any]:
    """The audio model's features of chosen windows, computed once for all models that cut them alike."""
    model, read = footage.models.load(footage.models.folder(folder))
    name = "-".join([folder.replace("/", "-"), *map(str, cut)])
    features = kind_of(read).hear(model, windows, footage.cache(f"{name}.npy"))
    return lambda chosen: features[chosen]
