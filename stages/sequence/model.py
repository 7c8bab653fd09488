"""The sequence model as its card describes it, and the frozen streams that it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from stages.audio.model import audio_model, cached_features
from stages.core.card import read_card
from stages.core.errors import UserError
from stages.networks.audio_visual import AudioVisualModel
from stages.networks.common.heads import Heads
from stages.networks.transformer import GRU, Transformer
from stages.sequence.network import SequenceModel
from stages.training.samples.faces import Rows
from stages.training.samples.windows import Windows
from stages.training.segments import Material
from stages.training.trained import Card, load_trained

VISUAL = "visual"  # the step whose features the stage embed keeps


def sequence_model(card: Card, dropout: float = 0.0, encoder_dropout: float = 0.0) -> SequenceModel:
    """An untrained sequence model as its card says: lengths `visual` and `audio`, `network`, `tasks`."""
    fused, shape = card["visual"] + card["audio"], card["network"]
    project = nn.Linear(fused, shape["project"]) if shape["project"] else None
    encoder = encoder_of(shape, shape["project"] or fused, encoder_dropout)
    linear = nn.Linear(encoder.features, shape["features"]) if shape["features"] else None
    heads = Heads(shape["features"] or encoder.features, card["tasks"], dropout)
    return SequenceModel(heads, encoder, linear, project)


def encoder_of(shape: dict[str, Any], inputs: int, dropout: float) -> Transformer | GRU:
    """The encoder of `inputs` features that a card's `network` names.

    Errors: UserError where the attention heads cannot share the features evenly.
    """
    if shape["kind"] == "gru":
        return GRU(inputs, shape["layers"], shape["hidden"], dropout, shape["bidirectional"])
    heads, positions = shape["attention_heads"], shape["positions"] == "sinusoidal"
    if inputs % heads:
        raise UserError(
            f"params.yaml, key attention_heads of the sequence model: {heads} heads cannot share {inputs} "
            "features; choose a divisor, or another `project`"
        )
    return Transformer(inputs, shape["layers"], heads, shape["feed_forward"], dropout, positions)


def read_streams(folder: Path) -> tuple[AudioVisualModel | None, Card, str]:
    """What a sequence model reads: the audio model of `folder`, None where it is a visual one; its card; the
    system whose embeddings belong to it.

    Errors: UserError where there are no embeddings of the visual model.
    """
    card = read_card(folder)
    seen = Path(card["reads"]) if card["stage"] == "audio" else folder
    if seen.name != VISUAL:
        raise UserError(
            f"params.yaml, key reads: {folder} has no embeddings; name an audio model or a visual one, "
            f"{folder.parent / VISUAL}"
        )
    audio = load_trained(folder, audio_model)[0] if card["stage"] == "audio" else None
    return audio, card, seen.parent.name


def fuse(windows: Windows, audio: AudioVisualModel | None, cache: Path, device: torch.device) -> Material:
    """The windows with the audio features of their frames, [B, F, features], computed once into `cache`.

    A model that hears nothing is given no channels.
    """
    if audio is None:
        return Material(windows, lambda chosen: _nothing(windows, chosen))
    features = cached_features(cache, windows, audio.to(device))
    return Material(windows, lambda chosen: features[chosen])


def _nothing(windows: Windows, chosen: Rows) -> NDArray[np.float32]:
    return np.zeros((len(chosen), windows.length, 0), np.float32)
