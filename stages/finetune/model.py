"""Visual models: a backbone, perhaps with a neck behind it, one head a task; trained on incomplete labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt
from torch import nn

from stages.core.card import ModelCard
from stages.core.paths import EXTRA, FRAMES, INDEX
from stages.core.resume import data_digest, stage_code
from stages.finetune.folds import left_out, mean_auc
from stages.networks.common.architecture import Architecture
from stages.networks.common.backbones import Backbone
from stages.networks.common.filter_length import set_filter_length
from stages.networks.common.heads import Heads
from stages.networks.common.pretrained import load_backbone, read_network, sized
from stages.networks.common.visual import VisualModel
from stages.scoring.tables.prediction_table import prediction_table
from stages.training.fit import Loss
from stages.training.footage import Footage
from stages.training.objectives import Objectives
from stages.training.recipe import Course
from stages.training.samples.augment import Augment
from stages.training.samples.balance import Limit, ml_ros
from stages.training.samples.extra_stills import read_extra
from stages.training.samples.faces import Faces, join, read_faces
from stages.training.samples.sampling import Draws, Sampling, sampler
from stages.training.visual import Turn, embed_images, predict_faces, turn_loss, turns

if TYPE_CHECKING:
    from lightning_fabric import Fabric

KIND: Literal["finetune"] = "finetune"
PARTS = {"attention", "fpn", "ssh"}
JUDGED = 5  # a fold is judged on every fifth frame of what it left out: neighbours are alike


class Params(Course, Objectives):
    """Section `<system>.finetune` of params.yaml and the run's entry in `runs.finetune`."""

    system: str
    step: str
    network: str
    backbone: Path
    input_size: PositiveInt | None = None
    attention: bool = False
    fpn: bool = False
    ssh: bool = False
    keep_start: bool = True
    hidden: int | None = None
    dropout_at: Literal["backbone", "heads"] = "heads"
    filter_length: PositiveFloat | None = None
    tasks: tuple[str, ...]
    sampling: Sampling
    turns: tuple[str, ...] | None = None
    ml_ros: float = 0.0
    ml_ros_limit: Limit = "mean"
    folds: int | None = None
    fold: int | None = None
    extra: bool
    batches: int | None
    crop_away: float = 0.0
    augment: Augment = Augment()


class Card(ModelCard):
    """`network`: what builds the backbone; `neck`: file of stages/networks, and its `parts` that are on."""

    kind: Literal["finetune"] = KIND
    network: Architecture
    neck: str
    parts: dict[str, bool]
    hidden: int | None


def describe(params: Params) -> Card:
    """What the model is, and where it comes from. Errors: UserError where an input is missing."""
    network = sized(read_network(params.backbone), params.input_size)
    parts = params.model_dump(include=PARTS)
    return Card(
        system=params.system,
        step=params.step,
        tasks=params.tasks,
        network=network,
        neck=params.network,
        parts=parts | {"keep_start": params.keep_start} if any(parts.values()) else {},
        hidden=params.hidden,
        params=params.model_dump(mode="json"),
        data=data_digest([INDEX, FRAMES, params.backbone, EXTRA if params.extra else None]),
        code=stage_code(KIND, params.network, network.kind),
    )


def build(card: Card, params: Params | None = None) -> VisualModel:
    """The model of a card; with the parameters of a training, as that starts: pretrained, with its dropout."""
    dropout = {params.dropout_at: params.dropout} if params else {}
    body = start(params, dropout.get("backbone", 0.0)) if params else card.network.build()
    seen = import_module(f"stages.networks.{card.neck}").neck(body, **card.parts)
    return VisualModel(seen, Heads(seen.features, card.tasks, dropout.get("heads", 0.0), card.hidden))


def start(params: Params, dropout: float) -> Backbone:
    """The pretrained backbone as training begins with it."""
    backbone = load_backbone(params.backbone, dropout, params.input_size)
    if params.filter_length is not None:
        size = backbone.front_end.size
        set_filter_length(backbone, params.filter_length, torch.zeros(1, 3, size, size))
    return backbone


def batches(params: Params, card: Card, footage: Footage, fabric: Fabric) -> Callable[[int], Iterator[Turn]]:
    """Batches of an epoch, as `fit` asks for them, of the training frames and the extra stills behind them."""
    faces = training_faces(params, footage)
    augment = replace(params.augment, crop=sqrt(1 - params.crop_away))
    return turns(
        faces, draws(faces, params), card.network.front_end, augment, seed=params.seed, fabric=fabric
    )


def training_faces(params: Params, footage: Footage) -> Faces:
    """Training faces, without those that the fold leaves out, and the extra stills behind them."""
    left = _left(params, footage.table)
    faces = read_faces(footage.table[~left].reset_index(drop=True), footage.faces)
    return join(faces, read_extra()) if params.extra else faces


def draws(faces: Faces, params: Params) -> Draws:
    """The batches' tasks and samples, epoch by epoch."""
    order = params.turns or params.tasks
    rows = faces.rows(order)
    if params.ml_ros:
        clones = ml_ros(faces.labels.au[rows["AU"]], params.ml_ros, params.seed, params.ml_ros_limit)
        rows["AU"] = rows["AU"][clones]
    return sampler(
        faces.labels,
        rows,
        order,
        params.sampling,
        batch=params.batch,
        steps=params.batches,
        seed=params.seed,
    )


def loss(params: Params) -> Loss:
    """Sum of the losses of a batch's tasks."""
    return turn_loss(params.losses())


def judge(params: Params, model: VisualModel, footage: Footage) -> Callable[[], float] | None:
    """What a fold's checkpoint is chosen by: mean AUC of AUs and expressions on the videos it left out.

    On a few videos the official measures jump from epoch to epoch, and the loss punishes confidence.
    """
    left = _left(params, footage.table)
    if not left.any():
        return None
    faces = read_faces(footage.table[left].iloc[::JUDGED].reset_index(drop=True), footage.faces)
    return lambda: mean_auc(faces.labels, predict_faces(model, faces))


def _left(params: Params, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Training rows [N] that the run's fold leaves out, none without folds."""
    if params.folds is None or params.fold is None:
        return np.zeros(len(table), bool)
    return left_out(table, params.folds, params.fold)


def predict(model: VisualModel, card: Card, footage: Footage) -> pd.DataFrame:
    """Prediction table of all frames with a face."""
    outputs = predict_faces(model, read_faces(footage.table, footage.faces))
    return prediction_table(footage.table, outputs)


def embed(model: nn.Module, images: NDArray[np.uint8], batch: int) -> NDArray[np.float16]:
    """Features of crops uint8 [N, 112, 112, 3], float16 [N, features], for models that read them."""
    return embed_images(model, images, batch)  # type: ignore[arg-type]
