"""Train a system's audio stream beside its frozen visual stream, from cached embeddings.

Run: python -m stages.audio SYSTEM
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from stages.audio.model import audio_model, inherit_heads
from stages.core.params import load
from stages.core.resume import data_digest, resumable
from stages.core.runtime import argument, main, start
from stages.training.checkpoints import Outs, outs_of, publish
from stages.training.objectives import Objectives
from stages.training.recipe import Recipe
from stages.training.samples.tracks import Stores
from stages.training.samples.windows import Cut, read_windows
from stages.training.segments import Material, Outputs, Segments, fit_windows
from stages.training.trained import load_trained
from stages.training.visual import visual_model

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")
STEP = "audio"


class Params(Recipe, Objectives):
    """Section `<system>.audio` of params.yaml."""

    front_end: str
    tasks: tuple[str, ...]
    features: int
    window: int
    mel_steps: int
    stride: int
    predict_stride: int
    inherit_heads: bool


def run() -> None:
    """Read params, train, publish."""
    system = argument("system")
    audio(system, load(Params, f"{system}.audio"), outs_of(system, STEP))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; a frame without a face is seen as zeros."""
    outputs: Outputs = model(segments.visual, segments.sound)
    return outputs


def audio(system: str, params: Params, outs: Outs) -> None:
    """Train `system`'s audio model and publish its epochs; goes on where a killed run stopped."""
    fabric = start(params.threads, params.seed)
    visual = Path("models", system, "visual")
    stores = Stores(FRAMES, Path("data/embeddings", system), Path("data/mel", params.front_end))
    table = pd.read_parquet(INDEX)
    train, validation = (
        material(table, split, stores, Cut(params.window, stride), params.mel_steps)
        for split, stride in (("train", params.stride), ("validation", params.predict_stride))
    )
    inputs = [INDEX, visual, *(store for store in stores if store)]
    card = card_of(system, params, train.windows.features, visual, inputs)
    card["embedded"] = stores.checkpoint()
    model = audio_model(card, params.dropout)
    if params.inherit_heads:
        inherit_heads(model, load_trained(visual, visual_model)[0].heads)
    with resumable("audio", card["params"], inputs) as state:
        history = fit_windows(
            model,
            forward,
            params.losses(),
            train,
            validation,
            table,
            tasks=params.tasks,
            recipe=params,
            state=state,
            fabric=fabric,
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def material(table: pd.DataFrame, split: str, stores: Stores, cut: Cut, steps: int) -> Material:
    """Windows of a split, with the sound under them as mels [B, steps, 64]."""
    windows = read_windows(table, split, stores, cut)
    return Material(windows, lambda chosen: windows.mel(chosen, steps))


def card_of(system: str, params: Params, features: int, visual: Path, inputs: list[Path]) -> dict[str, Any]:
    """What the model is and where it comes from; `features` of the `visual` model."""
    return {
        "stage": "audio",
        "system": system,
        "step": STEP,
        "reads": str(visual),
        "tasks": params.tasks,
        "visual": features,
        "features": params.features,
        "steps": params.mel_steps,
        "window": params.window,
        "front_end": params.front_end,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
    }


if __name__ == "__main__":
    main(run)
