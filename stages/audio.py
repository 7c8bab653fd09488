"""Train a system's audio stream beside its frozen visual stream, from cached embeddings.

Run: python -m stages.audio SYSTEM
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from stages.learning.epochs import Outs, publish
from stages.learning.losses import task_losses
from stages.learning.schedule import Recipe
from stages.learning.sound import audio_model, inherit_heads
from stages.learning.state import data_digest, resumable
from stages.learning.temporal import Material, Outputs, Segments, fit_windows
from stages.learning.trained import load_trained
from stages.learning.visual import visual_model
from stages.learning.windows import read_windows
from stages.params import Strict, load
from stages.runtime import argument, main, setup_torch
from stages.runtime import fabric as make_fabric

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")
FINETUNED = Path("models/finetune")


class Params(Strict):
    """Section `<system>.audio` of params.yaml."""

    seed: int
    threads: int
    front_end: str
    tasks: tuple[str, ...]
    features: int
    window: int
    mel_steps: int
    stride: int
    predict_stride: int
    inherit_heads: bool
    batch: int
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


def run() -> None:
    """Read params, train, publish."""
    system = argument("system")
    audio(system, load(Params, f"{system}.audio"), outs_of(system))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; a frame without a face is seen as zeros."""
    outputs: Outputs = model(segments.visual, segments.sound)
    return outputs


def audio(system: str, params: Params, outs: Outs) -> None:
    """Train `system`'s audio model and publish its epochs; goes on where a killed run stopped."""
    setup_torch(params.threads, params.seed)
    fabric = make_fabric()
    fabric.launch()
    embeddings, mels = Path("data/embeddings", system), Path("data/mel", params.front_end)
    table = pd.read_parquet(INDEX)
    train, validation = (
        material(table, split, embeddings, mels, params.window, stride, params.mel_steps)
        for split, stride in (("train", params.stride), ("validation", params.predict_stride))
    )
    inputs = [INDEX, FRAMES, embeddings, mels, FINETUNED / system]
    card = card_of(system, params, train.windows.features, inputs)
    model = audio_model(card, params.dropout)
    if params.inherit_heads:
        inherit_heads(model, load_trained(FINETUNED / system, visual_model)[0].heads)
    with resumable("audio", card["params"], inputs) as state:
        history = fit_windows(
            model,
            forward,
            task_losses(params.positive_weights, params.focal_alpha, params.focal_gamma),
            train,
            validation,
            table,
            tasks=params.tasks,
            recipe=Recipe.pick(params.model_dump()),
            batch=params.batch,
            seed=params.seed,
            state=state,
            fabric=fabric,
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def material(
    table: pd.DataFrame, split: str, embeddings: Path, mels: Path, window: int, stride: int, steps: int
) -> Material:
    """Windows of a split, with the sound under them as mels [B, steps, 64]."""
    windows = read_windows(table, split, FRAMES, embeddings, mels, window, stride)
    return Material(windows, lambda chosen: windows.mel(chosen, steps))


def card_of(system: str, params: Params, visual: int, inputs: list[Path]) -> dict[str, Any]:
    """What the model is and where it comes from."""
    return {
        "stage": "audio",
        "system": system,
        "tasks": params.tasks,
        "visual": visual,
        "features": params.features,
        "steps": params.mel_steps,
        "window": params.window,
        "front_end": params.front_end,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
    }


def outs_of(system: str) -> Outs:
    """Where dvc.yaml expects the outs."""
    return Outs(
        Path("models/audio", system),
        Path("data/predictions", system, "audio"),
        Path("metrics", system, "audio.csv"),
    )


if __name__ == "__main__":
    main(run)
