"""Train a sequence model of a system on the features of its frozen visual stream, and audio stream if any.

Run: python -m stages.sequence SYSTEM STEP, a run of section `sequence` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
from torch import nn

from stages.core.errors import UserError
from stages.core.params import load_run
from stages.core.resume import data_digest, resumable
from stages.core.runtime import arguments, main, start
from stages.sequence.model import fuse, read_streams, sequence_model
from stages.training.checkpoints import Outs, outs_of, publish
from stages.training.objectives import Objectives
from stages.training.recipe import Recipe
from stages.training.samples.tracks import Stores
from stages.training.samples.windows import Windows, cuts, read_windows
from stages.training.segments import Outputs, Segments, fit_windows
from stages.training.trained import Card

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")
EMBEDDINGS = Path("data/embeddings")
MELS = Path("data/mel")


class Params(Recipe, Objectives):
    """Section `<system>.sequence` of params.yaml and the run's entry in `sequence`."""

    reads: Path
    tasks: tuple[str, ...]
    network: Literal["transformer", "gru"]
    project: int | None = None
    layers: int
    positions: Literal["none", "sinusoidal"] = "none"
    attention_heads: int = 8
    feed_forward: int = 2048
    hidden: int = 512
    bidirectional: bool = True
    features: int | None = None
    encoder_dropout: float
    window: int | None = None
    stride: int
    predict_stride: int | None


SHAPE = {"project", "layers", "positions", "attention_heads", "feed_forward"} | {
    "hidden",
    "bidirectional",
    "features",
}


def run() -> None:
    """Read params, train, publish."""
    system, step = arguments("system", "step")
    sequence(system, step, load_run(Params, "sequence", system, step), outs_of(system, step))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; frames without a face are passed over."""
    outputs: Outputs = model(segments.visual, segments.sound, segments.absent)
    return outputs


def sequence(system: str, step: str, params: Params, outs: Outs) -> None:
    """Train `system`'s sequence model and publish its epochs; goes on where a killed run stopped."""
    fabric = start(params.threads, params.seed)
    audio, streams, seen = read_streams(params.reads)
    stores = Stores(FRAMES, EMBEDDINGS / seen, MELS / streams["front_end"] if audio else None)
    table = pd.read_parquet(INDEX)
    ways = cuts(window_of(params, streams), params.stride, params.predict_stride)
    train, validation = (
        read_windows(table, split, stores, cut)
        for split, cut in zip(("train", "validation"), ways, strict=True)
    )
    inputs = [INDEX, params.reads, *(store for store in stores if store)]
    card = card_of(system, step, params, train, streams, inputs)
    card["embedded"] = stores.checkpoint()
    model = sequence_model(card, params.dropout, params.encoder_dropout)
    with resumable("sequence", card["params"], inputs) as state:
        history = fit_windows(
            model,
            forward,
            params.losses(),
            fuse(train, audio, state / "audio-train.npy", fabric.device),
            fuse(validation, audio, state / "audio-validation.npy", fabric.device),
            table,
            tasks=params.tasks,
            recipe=params,
            state=state,
            fabric=fabric,
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def window_of(params: Params, streams: Card) -> int:
    """Frames of a window: the run's own, or the audio model's.

    Errors: UserError where neither says.
    """
    window: int | None = params.window or streams.get("window")
    if window is None:
        raise UserError(f"params.yaml, key window of the sequence model: {params.reads} has none; give one")
    return window


def card_of(
    system: str, step: str, params: Params, windows: Windows, streams: Card, inputs: list[Path]
) -> dict[str, Any]:
    """What the model is and where it comes from."""
    return {
        "stage": "sequence",
        "system": system,
        "step": step,
        "reads": str(params.reads),
        "tasks": params.tasks,
        "visual": windows.features,
        "audio": streams["features"] if streams["stage"] == "audio" else 0,
        "network": {"kind": params.network, **params.model_dump(include=SHAPE)},
        "window": windows.length,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
    }


if __name__ == "__main__":
    main(run)
