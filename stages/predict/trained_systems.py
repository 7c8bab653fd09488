"""Trained systems as they lie on disk, for prediction: which models they run, each loaded once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from stages.core.card import read_card
from stages.core.errors import UserError
from stages.ensemble.mixture import Selection, read_selection
from stages.landmarks.landmarker import Landmarker, load_landmarker
from stages.training.kinds import load_checkpoint
from stages.training.trained import Card

COMBINED = "combined"  # of all systems
SELECTION, WIDTHS = "selection.json", "widths.json"
LANDMARKS = "landmarks"  # the model's folder


@dataclass(frozen=True)
class System:
    """What prediction runs: the `selection` of each unit's sources, and `widths` of smoothing in frames."""

    name: str
    selection: Selection
    widths: dict[str, int]


@dataclass(frozen=True)
class Models:
    """The trained models of a folder on a device."""

    root: Path
    device: torch.device
    loaded: dict[Path, tuple[Any, Card]] = field(default_factory=dict)

    def system(self, name: str) -> System:
        """A trained system. Errors: UserError where it is not there, naming the command that trains it."""
        folder = self.root / name
        for file in (SELECTION, WIDTHS):
            if not (folder / file).is_file():
                known = ", ".join(trained_systems(self.root)) or "none"
                raise UserError(f"{folder / file}: missing; run `dvc repro` first (trained systems: {known})")
        widths: dict[str, int] = json.loads((folder / WIDTHS).read_text())
        return System(name, read_selection(folder / SELECTION), widths)

    def load(self, folder: Path, checkpoint: str | None = None) -> tuple[Any, Card]:
        """Model (eval mode) and card of a step's folder; by default the checkpoint that its card chose."""
        path = folder / (checkpoint or read_card(folder)["chosen"])
        if path not in self.loaded:
            model, card = load_checkpoint(folder, path.name)
            self.loaded[path] = model.to(self.device), card
        return self.loaded[path]

    def read_by(self, card: Card) -> Path:
        """Folder of the model whose features a card's model reads; cards name it from the project's root."""
        return self.root.parent / card["reads"]

    def has_landmarks(self) -> bool:
        """Whether there is a network to draw masks by."""
        return (self.root / LANDMARKS / "card.json").is_file()

    def landmarker(self) -> Landmarker:
        """The landmark network that masks are drawn by. Errors: UserError where there is none."""
        folder = self.root / LANDMARKS
        if folder not in self.loaded:
            landmarker = load_landmarker(folder)
            landmarker.model.to(self.device)
            self.loaded[folder] = landmarker, {}
        found: Landmarker = self.loaded[folder][0]
        return found


def trained_systems(root: Path) -> list[str]:
    """Names of the systems that are there to predict with: the combined one, then the others."""
    names = sorted(path.parent.name for path in root.glob(f"*/{WIDTHS}"))
    return sorted(names, key=lambda name: name != COMBINED)
