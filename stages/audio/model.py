"""The audio stream beside a frozen visual stream, trained on segments of its cached features and of mels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from stages.audio.features import cached_features
from stages.audio.heads import inherit_heads
from stages.core.card import ModelCard
from stages.core.paths import FRAMES, INDEX, MELS
from stages.core.resume import data_digest, stage_code
from stages.networks.audio_visual import TDNN, AudioVisualModel
from stages.networks.common.heads import Heads
from stages.training.fit import Loss
from stages.training.footage import Footage, noted
from stages.training.objectives import Objectives
from stages.training.recipe import Course
from stages.training.samples.faces import width_of
from stages.training.samples.tracks import Stores
from stages.training.samples.windows import Cut, Windows, read_windows
from stages.training.segments import Lesson, Material, Outputs, Segments, joint_loss, lessons, predict_windows
from stages.training.trained import Models

if TYPE_CHECKING:
    from lightning_fabric import Fabric

KIND: Literal["audio"] = "audio"


class Params(Course, Objectives):
    """Section `<system>.audio` of params.yaml and the run's entry in `runs.audio`."""

    system: str
    step: str
    reads: Path
    embeddings: Path
    front_end: str
    tasks: tuple[str, ...]
    features: int
    window: int
    mel_steps: int
    stride: int
    predict_stride: int
    inherit_heads: bool


class Card(ModelCard):
    """`reads`: folder of the visual model, `embedded` its checkpoint, `visual` the length of its features.

    `features` of the stream, frames of a `window` and between the starts of two, `steps` of mel under one.
    """

    kind: Literal["audio"] = KIND
    reads: str
    embedded: str | None
    visual: int
    features: int
    window: int
    predict_stride: int
    steps: int
    front_end: str


def describe(params: Params) -> Card:
    """What the model is, and where it comes from. Errors: UserError where an input is missing."""
    inputs = [INDEX, params.reads, FRAMES, params.embeddings, MELS / params.front_end]
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        reads=str(params.reads),
        embedded=noted(params.embeddings, "checkpoint"),
        visual=width_of(params.embeddings),
        features=params.features,
        window=params.window,
        predict_stride=params.predict_stride,
        steps=params.mel_steps,
        front_end=params.front_end,
        params=params.model_dump(mode="json"),
        data=data_digest(inputs),
        code=stage_code(KIND),
    )


def build(card: Card, params: Params | None = None) -> AudioVisualModel:
    """The model of a card; with the parameters of a training, as that starts: its heads perhaps inherited."""
    heads = Heads(card.visual + card.features, card.tasks, params.dropout if params else 0.0)
    model = AudioVisualModel(TDNN(features=card.features), heads, card.steps)
    if params and params.inherit_heads:
        visual, _ = Models(params.reads.parents[1], torch.device("cpu")).load(params.reads)
        inherit_heads(model, visual.heads)
    return model


def batches(
    params: Params, card: Card, footage: Footage, fabric: Fabric
) -> Callable[[int], Iterator[Lesson]]:
    """Batches of an epoch, as `fit` asks for them."""
    seen = material(card, footage, params.stride)
    return lessons(seen, card.tasks, batch=params.batch, seed=params.seed, fabric=fabric)


def loss(params: Params) -> Loss:
    """Sum of the tasks' losses over the labelled frames."""
    return joint_loss(forward, params.losses())


def predict(model: nn.Module, card: Card, footage: Footage) -> pd.DataFrame:
    """Prediction table of all frames with a face."""
    return predict_windows(model, forward, material(card, footage, card.predict_stride))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; a frame without a face is seen as zeros."""
    outputs: Outputs = model(segments.visual, segments.sound)
    return outputs


def material(card: Card, footage: Footage, stride: int) -> Material:
    """Windows of the footage every `stride` frames, with the sound under them as mels [B, steps, 64]."""
    seen = footage.features(footage.models.folder(card.reads), card.embedded)
    stores = Stores(footage.faces, seen, footage.mels(card.front_end))
    windows = read_windows(footage.table, stores, Cut(card.window, stride))
    return Material(windows, lambda chosen: windows.mel(chosen, card.steps))


def hear(model: AudioVisualModel, windows: Windows, cache: Path) -> NDArray[np.float16]:
    """The stream's features of windows, [W, length, features], for models that read them; computed once."""
    return cached_features(cache, windows, model)
