"""What a backbone is pretrained on: a head on it, batches of stills, and scores on people held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from torch import nn

from stages.learning.fit import Loss

Scores = dict[str, float]


class Supervision(NamedTuple):
    """A model around the backbone and what `fit` needs to train it; `validate` scores people held out."""

    model: nn.Module
    loss: Loss
    batches: Callable[[int], Iterable[Any]]
    validate: Callable[[], Scores]
