"""Trained systems as they lie on disk, for prediction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stages.core.errors import UserError
from stages.ensemble.mixture import Selection, parsed
from stages.scoring.provenance import SYSTEM

COMBINED = "combined"  # of all systems


@dataclass(frozen=True)
class System:
    """What prediction runs: the `selection` of each unit's sources, and `widths` of smoothing in frames."""

    name: str
    selection: Selection
    widths: dict[str, int]


def read_system(root: Path, name: str) -> System:
    """A trained system. Errors: UserError where it is not there, naming the command that trains it."""
    path = root / name / SYSTEM
    if not path.is_file():
        known = ", ".join(trained_systems(root)) or "none"
        raise UserError(f"{path}: missing; run `dvc repro` first (trained systems: {known})")
    told = json.loads(path.read_text())
    return System(name, parsed(told["selection"]), told["widths"])


def trained_systems(root: Path) -> list[str]:
    """Names of the systems that are there to predict with: the combined one, then the others."""
    names = sorted(path.parent.name for path in root.glob(f"*/{SYSTEM}"))
    return sorted(names, key=lambda name: name != COMBINED)
