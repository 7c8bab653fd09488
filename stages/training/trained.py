"""A trained model back from disk, ready for prediction: built from its card, weights from one checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from stages.core.card import read_card
from stages.networks.common.weights import load_file_into

Card = dict[str, Any]
Model = TypeVar("Model", bound=nn.Module)


def load_trained(
    folder: Path, build: Callable[[Card], Model], checkpoint: str | None = None
) -> tuple[Model, Card]:
    """Model (eval mode, no gradients) and card of a training step's folder; by default the chosen checkpoint.

    `build` is the step's `visual_model`, `audio_model` or `sequence_model`.
    Errors: UserError where the folder or the checkpoint is missing, or the weights do not fit.
    """
    card = read_card(folder)
    model = build(card)
    load_file_into(model, folder / f"{checkpoint or card['chosen']}.safetensors")
    return model.eval().requires_grad_(False), card
