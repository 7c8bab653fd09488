"""A trained model on disk: weights that cannot run code, and a card that says where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from stages.core.errors import UserError
from stages.core.resume import stage_code
from stages.core.runtime import atomic_path


def save_model(folder: Path, model_state: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    """Write `model.safetensors` and `card.json` into `folder`: equal models, equal bytes (no timestamps)."""
    save_weights(folder / "model.safetensors", model_state)
    save_card(folder, card)


def save_weights(path: Path, model_state: Mapping[str, Tensor]) -> None:
    """Write a state dict as safetensors, on the CPU and contiguous, through a temporary name."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model_state.items()}
    with atomic_path(path) as beside:
        save_file(tensors, beside)


def save_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Write `card.json`: stage, system, params, data digest, scores as given, the stage's code version."""
    code = {"code": stage_code(card["stage"])} if "stage" in card else {}
    text = json.dumps({**card, **code}, indent=2, sort_keys=True, default=str)
    with atomic_path(folder / "card.json") as beside:
        beside.write_text(text + "\n")


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model folder. Errors: UserError where there is none."""
    path = folder / "card.json"
    if not path.is_file():
        raise UserError(f"{path}: missing; run the stage that trains this model first")
    card: dict[str, Any] = json.loads(path.read_text())
    return card
