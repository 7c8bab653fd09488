"""Train a system's visual model: one pretrained backbone, one head a task, incomplete labels.

Run: python -m stages.finetune SYSTEM
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import pandas as pd

from stages.learning.alternation import Alternation
from stages.learning.augment import Augment
from stages.learning.card import read_card
from stages.learning.data import Faces, join, read_extra, read_faces, split_table, with_faces
from stages.learning.epochs import Outs, publish, recorder
from stages.learning.fit import fit
from stages.learning.losses import task_losses
from stages.learning.predictions import prediction_table
from stages.learning.schedule import Recipe
from stages.learning.state import data_digest, resumable
from stages.learning.visual import predict_faces, turn_loss, turns, visual_model
from stages.networks.pretrained import load_backbone
from stages.networks.visual import VisualModel
from stages.params import Strict, load
from stages.runtime import argument, main, setup_torch
from stages.runtime import fabric as make_fabric

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")


class Params(Strict):
    """Section `<system>.finetune` of params.yaml."""

    seed: int
    threads: int
    backbone: Path
    tasks: tuple[str, ...]
    alternation: Alternation
    turns: tuple[str, ...] | None
    extra: Path | None
    batch: int
    steps: int | None
    epochs: int
    milestones: tuple[int, ...]
    milestones_of: int
    lr: float
    lr_factor: float = 1.0
    head_lr_factor: float = 1.0
    momentum: float
    weight_decay: float
    clip_norm: float | None
    dropout: float
    positive_weights: tuple[float, ...] | None
    focal_alpha: float
    focal_gamma: float
    crop_away: float
    augment: Augment


def run() -> None:
    """Read params, train, publish."""
    system = argument("system")
    finetune(system, load(Params, f"{system}.finetune"), outs_of(system))


def finetune(system: str, params: Params, outs: Outs) -> None:
    """Train `system`'s visual model and publish its epochs; goes on where a killed run stopped."""
    setup_torch(params.threads, params.seed)
    fabric = make_fabric()
    fabric.launch()
    table = pd.read_parquet(INDEX)
    train = training_faces(table, params.extra)
    validation = with_faces(split_table(table, "validation"), FRAMES)
    model, card = build(system, params)
    optimizer, scheduler = Recipe.pick(params.model_dump()).build(model)
    batches = turns(
        train,
        params.turns or params.tasks,
        model.backbone.front_end,
        replace(params.augment, crop=sqrt(1 - params.crop_away)),
        alternation=params.alternation,
        batch=params.batch,
        steps=params.steps,
        seed=params.seed,
        fabric=fabric,
    )
    faces = read_faces(validation, FRAMES)

    def predict() -> pd.DataFrame:
        return prediction_table(validation, predict_faces(model, faces))

    with resumable("finetune", card["params"], card.pop("inputs")) as state:
        history = fit(
            model,
            turn_loss(task_losses(params.positive_weights, params.focal_alpha, params.focal_gamma)),
            batches,
            optimizer=optimizer,
            scheduler=scheduler,
            epochs=params.epochs,
            seed=params.seed,
            state=state,
            fabric=fabric,
            on_epoch=recorder(state, predict, table, model),
            clip_norm=params.clip_norm,
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def build(system: str, params: Params) -> tuple[VisualModel, dict[str, Any]]:
    """The model before training, and its card."""
    inputs = [INDEX, FRAMES, params.backbone, *([params.extra] if params.extra else [])]
    card = {
        "stage": "finetune",
        "system": system,
        "network": read_card(params.backbone)["network"],
        "tasks": params.tasks,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
        "inputs": inputs,
    }
    model = visual_model(card, params.dropout)
    model.backbone = load_backbone(params.backbone)
    return model, card


def training_faces(table: pd.DataFrame, extra: Path | None) -> Faces:
    """Training frames with a face, and the extra stills behind them."""
    faces = read_faces(with_faces(split_table(table, "train"), FRAMES), FRAMES)
    return join(faces, read_extra(extra)) if extra else faces


def outs_of(system: str) -> Outs:
    """Where dvc.yaml expects the outs."""
    return Outs(
        Path("models/finetune", system),
        Path("data/predictions", system, "visual"),
        Path("metrics", system, "finetune.csv"),
    )


if __name__ == "__main__":
    main(run)
