"""Train a visual model of a system: a pretrained backbone, one head a task, incomplete labels.

Run: python -m stages.finetune SYSTEM STEP, a run of section `finetune` in params.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from stages.core.card import read_card
from stages.core.params import load_run
from stages.core.resume import data_digest, resumable
from stages.core.runtime import arguments, main, start
from stages.finetune.folds import left_out, mean_auc
from stages.networks.common.pretrained import load_backbone
from stages.networks.common.visual import VisualModel
from stages.scoring.prediction_table import prediction_table
from stages.training.checkpoints import Outs, outs_of, publish, recorder
from stages.training.objectives import Objectives
from stages.training.recipe import Recipe
from stages.training.samples.augment import Augment
from stages.training.samples.balance import ml_ros
from stages.training.samples.extra_stills import read_extra
from stages.training.samples.faces import Faces, join, read_faces, split_table, with_faces
from stages.training.samples.sampling import Draws, Sampling, sampler
from stages.training.train import train
from stages.training.visual import predict_faces, turn_loss, turns, visual_model

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")
JUDGED = 5  # a fold is judged on every fifth frame of what it left out: neighbours are alike


class Params(Recipe, Objectives):
    """Section `<system>.finetune` of params.yaml and the run's entry in `finetune`."""

    backbone: Path
    attention: bool = False
    fpn: bool = False
    ssh: bool = False
    hidden: int | None = None
    tasks: tuple[str, ...]
    sampling: Sampling
    turns: tuple[str, ...] | None = None
    ml_ros: float = 0.0
    folds: int | None = None
    fold: int | None = None
    extra: Path | Literal[False]
    steps: int | None
    crop_away: float = 0.0
    augment: Augment = Augment()


def run() -> None:
    """Read params, train, publish."""
    system, step = arguments("system", "step")
    finetune(system, step, load_run(Params, "finetune", system, step), outs_of(system, step))


def finetune(system: str, step: str, params: Params, outs: Outs) -> None:
    """Train `system`'s visual model and publish its epochs; goes on where a killed run stopped."""
    fabric = start(params.threads, params.seed)
    table = pd.read_parquet(INDEX)
    rows, left = training_tables(table, params)
    validation = with_faces(split_table(table, "validation"), FRAMES)
    faces = training_faces(rows, params.extra)
    model, card = build(system, step, params)
    seen = read_faces(validation, FRAMES)

    def predict() -> pd.DataFrame:
        return prediction_table(validation, predict_faces(model, seen))

    with resumable("finetune", card["params"], card.pop("inputs")) as state:
        history = train(
            model,
            turn_loss(params.losses()),
            turns(
                faces,
                draws(faces, params),
                model.backbone.front_end,
                replace(params.augment, crop=sqrt(1 - params.crop_away)),
                seed=params.seed,
                fabric=fabric,
            ),
            params,
            state=state,
            fabric=fabric,
            on_epoch=recorder(state, predict, table, model, judge_of(model, left)),
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def build(system: str, step: str, params: Params) -> tuple[VisualModel, dict[str, Any]]:
    """The model before training, and its card."""
    inputs = [INDEX, FRAMES, params.backbone, *([params.extra] if params.extra else [])]
    parts = params.model_dump(include={"attention", "fpn", "ssh"})
    card = {
        "stage": "finetune",
        "system": system,
        "step": step,
        "network": read_card(params.backbone)["network"],
        "neck": parts if any(parts.values()) else None,
        "hidden": params.hidden,
        "tasks": params.tasks,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
        "inputs": inputs,
    }
    return visual_model(card, params.dropout, load_backbone(params.backbone)), card


def training_tables(table: pd.DataFrame, params: Params) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Training frames with a face, and those of the videos that the fold leaves out, if there are folds."""
    rows = with_faces(split_table(table, "train"), FRAMES)
    if params.folds is None or params.fold is None:
        return rows, None
    left = left_out(rows, params.folds, params.fold)
    return rows[~left].reset_index(drop=True), rows[left].iloc[::JUDGED].reset_index(drop=True)


def training_faces(rows: pd.DataFrame, extra: Path | Literal[False]) -> Faces:
    """Training faces, and the extra stills behind them."""
    faces = read_faces(rows, FRAMES)
    return join(faces, read_extra(extra)) if extra else faces


def draws(faces: Faces, params: Params) -> Draws:
    """The batches' tasks and samples, epoch by epoch."""
    order = params.turns or params.tasks
    rows = faces.rows(order)
    if params.ml_ros:
        rows["AU"] = rows["AU"][ml_ros(faces.labels.au[rows["AU"]], params.ml_ros, params.seed)]
    return sampler(
        faces.labels,
        rows,
        order,
        params.sampling,
        batch=params.batch,
        steps=params.steps,
        seed=params.seed,
    )


def judge_of(model: VisualModel, left: pd.DataFrame | None) -> Callable[[], float] | None:
    """What a fold's checkpoint is chosen by: mean AUC of AUs and expressions on the videos it left out.

    On a few videos the official measures jump from epoch to epoch, and the loss punishes confidence.
    """
    if left is None:
        return None
    faces = read_faces(left, FRAMES)
    return lambda: mean_auc(faces.labels, predict_faces(model, faces))


if __name__ == "__main__":
    main(run)
