"""Trained models of any step, for those who run a whole chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from stages.audio.model import audio_model
from stages.clips.model import clips_model
from stages.core.card import read_card
from stages.sequence.model import sequence_model
from stages.training.trained import Card, load_trained
from stages.training.visual import visual_model

BUILDERS: dict[str, Callable[[Card], nn.Module]] = {
    "finetune": visual_model,
    "clips": clips_model,
    "audio": audio_model,
    "sequence": sequence_model,
}  # by the stage that trains the model


def load_checkpoint(folder: Path, checkpoint: str | None = None) -> tuple[Any, Card]:
    """Model and card of a step's folder, as `load_trained`, whichever step it is of."""
    return load_trained(folder, BUILDERS[read_card(folder)["stage"]], checkpoint)
