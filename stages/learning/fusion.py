"""The sequence model as its card describes it."""

from __future__ import annotations

from typing import Any

from stages.networks.heads import Heads
from stages.networks.sequence import SequenceModel


def sequence_model(card: dict[str, Any], dropout: float = 0.0, encoder_dropout: float = 0.0) -> SequenceModel:
    """An untrained sequence model: lengths `visual`, `audio`, `features`; `layers`, `attention_heads`, …"""
    return SequenceModel(
        Heads(card["features"], card["tasks"], dropout),
        inputs=card["visual"] + card["audio"],
        features=card["features"],
        layers=card["layers"],
        attention_heads=card["attention_heads"],
        feed_forward=card["feed_forward"],
        dropout=encoder_dropout,
    )
