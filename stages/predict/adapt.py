"""Batch-norm statistics of visual models, taken anew from the faces at hand.

A network keeps the means and spreads that its layers saw in training, of drawn faces; those of a camera, a light or a
compression that it has not seen lie elsewhere. Taken from the faces at hand they bring levels back, which are off where
ranks are right. It wants many different faces, and as many of each kind as the film has: not a single one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from stages.core.card import kind_of
from stages.core.runtime import log
from stages.training.trained import Models

FEWEST = 32  # faces that tell means and spreads
MOST = 2000  # that are looked at; more say nothing new
BATCH = 64


@dataclass(frozen=True)
class AdaptedModels(Models):
    """Models whose visual networks have statistics of `images`, aligned faces [N, 112, 112, 3]."""

    images: NDArray[np.uint8] | None = None

    def load(self, folder: Path, checkpoint: str | None = None) -> tuple[Any, Any]:
        """As of `Models`; kinds that do not embed faces stay as they are."""
        before = set(self.loaded)
        model, card = super().load(folder, checkpoint)
        embed = getattr(kind_of(card), "embed", None)
        if embed and self.images is not None and set(self.loaded) != before:
            images = self.images
            count = restate(model, lambda: embed(model, images, BATCH))
            log.print(f"{folder.name}: statistics of {count} batch norms from {len(images)} faces")
        return model, card


@torch.no_grad()
def restate(model: nn.Module, look: Callable[[], object]) -> int:
    """Replace the running statistics of all batch norms by those of what they see while `look()` runs the model.

    In this pass each batch is normalised by its own, as in training, so that deeper layers see what they will see.
    Returns the number of batch norms.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    sums = {norm: _Sums() for norm in norms}
    with _hooked(sums):
        look()
    for norm, own in sums.items():
        own.write(norm)
    return len(norms)


@dataclass
class _Sums:
    """Weighted sums of the batches' means and variances."""

    count: int = 0
    mean: Tensor | float = 0.0
    variance: Tensor | float = 0.0

    def see(self, norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0].double()
        dims = [0, *range(2, x.dim())]
        mean, variance = x.mean(dims), x.var(dims, unbiased=False)
        self.count += len(x)
        self.mean, self.variance = self.mean + len(x) * mean, self.variance + len(x) * variance
        _set(norm, mean, variance)

    def write(self, norm: nn.Module) -> None:
        if self.count:
            _set(norm, torch.as_tensor(self.mean) / self.count, torch.as_tensor(self.variance) / self.count)


def _set(norm: Any, mean: Tensor, variance: Tensor) -> None:
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


@contextmanager
def _hooked(sums: dict[Any, _Sums]) -> Iterator[None]:
    hooks = [norm.register_forward_pre_hook(own.see) for norm, own in sums.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def thinned(images: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """At most so many of them, evenly spread."""
    places = np.unique(np.linspace(0, len(images) - 1, min(most, len(images))).round().astype(int))
    return np.array(images[places])
