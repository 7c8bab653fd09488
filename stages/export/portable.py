"""What is exported of a trained network: a module from pixels to probabilities, and its input contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from stages.core.card import ModelCard
from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES

NAMES = {"AU": AU_NAMES, "EXPR": EXPRESSIONS, "VA": VA_NAMES}


@dataclass(frozen=True)
class Input:
    """An input of the ONNX file: its `shape` behind the batch, its type, and what it holds, in words."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    meaning: str

    def zeros(self, batch: int) -> Tensor:
        """A batch of nothing."""
        return torch.zeros(batch, *self.shape, dtype=self.dtype)


@dataclass(frozen=True)
class Portable:
    """`module` takes the `inputs` in their order and gives probabilities [N, names] of `tasks`."""

    module: nn.Module
    inputs: Mapping[str, Input]
    tasks: tuple[str, ...]


def portable(model: nn.Module, card: ModelCard) -> Portable | None:
    """The export of a trained model; None for kinds that have none, as they read other networks' features."""
    kind = exporter(card)
    if kind is None:
        return None
    exported: Portable = kind.portable(model, card)
    return exported


def exporter(card: ModelCard) -> ModuleType | None:
    """The file here that is named like the card's kind."""
    name = f"stages.export.{card.kind}"
    return import_module(name) if find_spec(name) else None


def probabilities(outputs: Mapping[str, Tensor], tasks: tuple[str, ...]) -> tuple[Tensor, ...]:
    """Logits to what the product tells: sigmoid of action units, softmax of expressions, VA as they are."""
    made: dict[str, Any] = {"AU": torch.sigmoid, "EXPR": lambda x: torch.softmax(x, dim=-1)}
    return tuple(made[task](outputs[task]) if task in made else outputs[task] for task in tasks)
