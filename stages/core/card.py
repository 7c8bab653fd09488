"""A trained model on disk: weights that cannot run code, and a card that says what it is and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import save_file
from torch import Tensor

from stages.core.errors import UserError
from stages.core.runtime import atomic_path

Scores = dict[str, Any]


class ModelCard(BaseModel):
    """What every model's card tells; each kind of model adds what its network and its input are.

    `kind`: the stage that trains it, whose `model` knows how to build and run it. `data`, `code`: digests of
    what it was trained on and by. `chosen`: the checkpoint that stands for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    kind: str
    system: str
    step: str
    tasks: tuple[str, ...]
    params: dict[str, Any]
    data: str
    code: str
    chosen: str | None = None
    scores: Scores = {}


def kind_of(card: ModelCard) -> ModuleType:
    """The module of the card's kind: `Params`, `Card`, `build`, `batches`, `loss`, `predict`."""
    return kind_named(card.kind)


def kind_named(kind: str) -> ModuleType:
    """The module of a kind of model: `model` of the stage that trains it, imported when asked for."""
    return import_module(f"stages.{kind}.model")


def read_card(folder: Path) -> Any:
    """The card of a trained step's folder, of its kind's type.

    Errors: UserError where there is none, or it is not of this version of the code.
    """
    values = read_values(folder)
    try:
        return kind_named(values["kind"]).Card(**values)
    except (KeyError, ImportError, ValidationError):
        raise UserError(
            f"{folder / 'card.json'}: is no card of a trained step; run the stage that trains this model again"
        ) from None


def read_values(folder: Path) -> dict[str, Any]:
    """A card as JSON has it. Errors: UserError where there is none."""
    path = folder / "card.json"
    if not path.is_file():
        raise UserError(f"{path}: missing; run the stage that trains this model first")
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def save_model(folder: Path, model_state: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    """Write `model.safetensors` and `card.json` into `folder`: equal models, equal bytes (no timestamps)."""
    save_weights(folder / "model.safetensors", model_state)
    save_values(folder, card)


def save_weights(path: Path, model_state: Mapping[str, Tensor]) -> None:
    """Write a state dict as safetensors, on the CPU and contiguous, through a temporary name."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model_state.items()}
    with atomic_path(path) as beside:
        save_file(tensors, beside)


def save_card(folder: Path, card: ModelCard) -> None:
    """Write `card.json`."""
    save_values(folder, card.model_dump(mode="json"))


def save_values(folder: Path, card: Mapping[str, Any]) -> None:
    """Write `card.json` of a model that has no kind: a backbone, the landmark network."""
    text = json.dumps(card, indent=2, sort_keys=True, default=str)
    with atomic_path(folder / "card.json") as beside:
        beside.write_text(text + "\n")
