"""Trained models back from disk, ready for prediction: built by their kind from their card, loaded once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from stages.core.card import kind_of, read_card
from stages.networks.common.weights import load_file_into


@dataclass(frozen=True)
class Models:
    """The trained models of a folder, models/<system>/<step>, on a device."""

    root: Path
    device: torch.device
    loaded: dict[Path, tuple[Any, Any]] = field(default_factory=dict)

    def load(self, folder: Path, checkpoint: str | None = None) -> tuple[Any, Any]:
        """Model (eval mode, no gradients) and card of a step's folder; by default the chosen checkpoint.

        Errors: UserError where the folder or the checkpoint is missing, or the weights do not fit.
        """
        card = read_card(folder)
        path = folder / (checkpoint or card.chosen)
        if path not in self.loaded:
            model = kind_of(card).build(card)
            load_file_into(model, path.with_suffix(".safetensors"))
            self.loaded[path] = model.eval().requires_grad_(False).to(self.device), card
        return self.loaded[path]

    def folder(self, named: str) -> Path:
        """The folder of a model that a card names from the project's root, "models/jin2021/visual"."""
        return self.root.parent / named
