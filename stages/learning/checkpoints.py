"""Trained models back from disk, ready for prediction: built from their card, weights from one checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stages.learning.card import read_card
from stages.networks.audio_visual import AudioVisualModel
from stages.networks.backbones import build_backbone
from stages.networks.heads import Heads
from stages.networks.sequence import SequenceModel
from stages.networks.tdnn import TDNN
from stages.networks.visual import VisualModel
from stages.networks.weights import load_file_into


def visual_model(card: dict[str, Any], dropout: float = 0.0) -> VisualModel:
    """An untrained visual model as its card says: `network` of the backbone, `tasks`."""
    backbone = build_backbone(**card["network"])
    return VisualModel(backbone, Heads(backbone.features, card["tasks"], dropout))


def audio_model(card: dict[str, Any], dropout: float = 0.0) -> AudioVisualModel:
    """An untrained audio model as its card says: lengths `visual` and `features` (audio), `steps`."""
    heads = Heads(card["visual"] + card["features"], card["tasks"], dropout)
    return AudioVisualModel(TDNN(features=card["features"]), heads, card["steps"])


def sequence_model(card: dict[str, Any], dropout: float = 0.0, encoder_dropout: float = 0.1) -> SequenceModel:
    """An untrained sequence model as its card says: lengths `visual`, `audio` and `features`, …"""
    return SequenceModel(
        Heads(card["features"], card["tasks"], dropout),
        inputs=card["visual"] + card["audio"],
        features=card["features"],
        layers=card["layers"],
        attention_heads=card["attention_heads"],
        feed_forward=card["feed_forward"],
        dropout=encoder_dropout,
    )


BUILDERS = {"finetune": visual_model, "audio": audio_model, "sequence": sequence_model}


def load_checkpoint(folder: Path, checkpoint: str | None = None) -> tuple[Any, dict[str, Any]]:
    """Model (eval mode, no gradients) and card of a training step's folder; by default the chosen checkpoint.

    Errors: UserError where the folder or the checkpoint is missing.
    """
    card = read_card(folder)
    model = BUILDERS[card["stage"]](card)
    load_file_into(model, folder / f"{checkpoint or card['chosen']}.safetensors")
    return model.eval().requires_grad_(False), card
