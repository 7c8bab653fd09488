"""Train a system's sequence model on the features of its frozen visual and audio streams.

Run: python -m stages.sequence SYSTEM
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from stages.learning.epochs import Outs, publish
from stages.learning.fusion import sequence_model
from stages.learning.losses import task_losses
from stages.learning.schedule import Recipe
from stages.learning.sound import audio_model, cached_features
from stages.learning.state import data_digest, resumable
from stages.learning.temporal import Material, Outputs, Segments, fit_windows
from stages.learning.trained import load_trained
from stages.learning.windows import read_windows
from stages.networks.audio_visual import AudioVisualModel
from stages.params import Strict, load
from stages.runtime import argument, main, setup_torch
from stages.runtime import fabric as make_fabric

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")


class Params(Strict):
    """Section `<system>.sequence` of params.yaml."""

    seed: int
    threads: int
    tasks: tuple[str, ...]
    features: int
    layers: int
    attention_heads: int
    feed_forward: int
    encoder_dropout: float
    stride: int
    predict_stride: int
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
    sequence(system, load(Params, f"{system}.sequence"), outs_of(system))


def forward(model: nn.Module, segments: Segments) -> Outputs:
    """Outputs of the frames of each segment; frames without a face are not attended to."""
    outputs: Outputs = model(segments.visual, segments.sound, segments.absent)
    return outputs


def sequence(system: str, params: Params, outs: Outs) -> None:
    """Train `system`'s sequence model and publish its epochs; goes on where a killed run stopped."""
    setup_torch(params.threads, params.seed)
    fabric = make_fabric()
    fabric.launch()
    audio, audio_card = load_trained(Path("models/audio", system), audio_model)
    folders = Path("data/embeddings", system), Path("data/mel", audio_card["front_end"])
    inputs = [INDEX, FRAMES, *folders, Path("models/audio", system)]
    card = card_of(system, params, audio_card, inputs)
    table = pd.read_parquet(INDEX)
    with resumable("sequence", card["params"], inputs) as state:
        train, validation = (
            material(table, split, folders, audio.to(fabric.device), audio_card["window"], stride, state)
            for split, stride in (("train", params.stride), ("validation", params.predict_stride))
        )
        history = fit_windows(
            sequence_model(card, params.dropout, params.encoder_dropout),
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
    table: pd.DataFrame,
    split: str,
    folders: tuple[Path, Path],
    audio: AudioVisualModel,
    window: int,
    stride: int,
    state: Path,
) -> Material:
    """Windows of a split, with the audio features of their frames [B, window, 512]."""
    windows = read_windows(table, split, FRAMES, *folders, window, stride)
    features = cached_features(state / f"audio-{split}.npy", windows, audio)
    return Material(windows, lambda chosen: features[chosen])


def card_of(system: str, params: Params, audio_card: dict[str, Any], inputs: list[Path]) -> dict[str, Any]:
    """What the model is and where it comes from."""
    return {
        "stage": "sequence",
        "system": system,
        "tasks": params.tasks,
        "visual": audio_card["visual"],
        "audio": audio_card["features"],
        "features": params.features,
        "layers": params.layers,
        "attention_heads": params.attention_heads,
        "feed_forward": params.feed_forward,
        "window": audio_card["window"],
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
    }


def outs_of(system: str) -> Outs:
    """Where dvc.yaml expects the outs."""
    return Outs(
        Path("models/sequence", system),
        Path("data/predictions", system, "sequence"),
        Path("metrics", system, "sequence.csv"),
    )


if __name__ == "__main__":
    main(run)
