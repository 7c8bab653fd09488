"""A trained model on disk: weights that cannot run code, and a card that says what it is and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import save_file
from torch import Tensor

from stages.core.errors import UserError
from stages.core.runtime import atomic_path

STAGES = Path(__file__).parents[1]
Scores = dict[str, Any]
ChosenOn = Literal["nothing", "training", "validation"]


class Card(BaseModel):
    """What the card of every network tells: `params` of its training, digests of the `data` and `code` that made
    it, and its `scores`; who trains it adds what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    params: dict[str, Any]
    data: str
    code: str
    scores: Scores = {}


class ModelCard(Card):
    """The card of a system's step; each kind of model adds what its network and its input are.

    `kind`: the stage that trains it, whose `model` knows how to build and run it. `chosen`: the checkpoint that
    stands for it, and what that was `chosen_on`: nothing (the last one), training videos or the validation videos.
    """

    kind: str
    system: str
    step: str
    tasks: tuple[str, ...]
    chosen: str | None = None
    chosen_on: ChosenOn = "validation"


C = TypeVar("C", bound=Card)


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
    kind = _values(folder).get("kind")
    if kind not in kinds():
        raise foreign(folder)
    return read_as(kind_named(kind).Card, folder)


def kinds() -> list[str]:
    """Kinds of models there are: the stages that have a `model`."""
    return sorted(path.parent.name for path in STAGES.glob("*/model.py"))


def read_as(card: type[C], folder: Path) -> C:
    """The card of a folder, of a type that is known. Errors: UserError where there is none, or another one."""
    try:
        return card(**_values(folder))
    except ValidationError:
        raise foreign(folder) from None


def foreign(folder: Path) -> UserError:
    """What to say of a card that is not of the type that is wanted, or of another version of the code."""
    return UserError(
        f"{folder / 'card.json'}: is no card of the model that belongs there; run the stage that trains it again"
    )


def _values(folder: Path) -> dict[str, Any]:
    """A card as JSON has it. Errors: UserError where there is none."""
    path = folder / "card.json"
    if not path.is_file():
        raise UserError(f"{path}: missing; run the stage that trains this model first")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise foreign(folder) from None
    return values if isinstance(values, dict) else {}


def save_model(folder: Path, model_state: Mapping[str, Tensor], card: Card) -> None:
    """Write `model.safetensors` and `card.json` into `folder`: equal models, equal bytes (no timestamps)."""
    save_weights(folder / "model.safetensors", model_state)
    save_card(folder, card)


def save_weights(path: Path, model_state: Mapping[str, Tensor]) -> None:
    """Write a state dict as safetensors, on the CPU and contiguous, through a temporary name."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model_state.items()}
    with atomic_path(path) as beside:
        save_file(tensors, beside)


def save_card(folder: Path, card: Card) -> None:
    """Write `card.json`."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, sort_keys=True)
    with atomic_path(folder / "card.json") as beside:
        beside.write_text(text + "\n")
