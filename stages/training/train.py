"""Training a network by the recipe of its block in params.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from stages.training.fit import History, Loss, fit
from stages.training.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def train(
    model: nn.Module,
    loss: Loss,
    batches: Callable[[int], Iterable[Any]],
    recipe: Recipe,
    *,
    state: Path,
    fabric: Fabric,
    on_epoch: Callable[[int], dict[str, float]],
    after_step: Callable[..., None] | None = None,
    stop: Callable[[History], bool] | None = None,
) -> History:
    """Train and validate epoch by epoch as `fit` does; goes on where a killed run stopped, from `state`.

    `after_step` is called after each step of the optimizer; no epoch begins once `stop(history)` says so.
    """
    optimizer, scheduler = recipe.build(model)
    if after_step is not None:
        optimizer.register_step_post_hook(after_step)
    return fit(
        model,
        loss,
        batches,
        optimizer=optimizer,
        scheduler=scheduler,
        epochs=recipe.epochs,
        seed=recipe.seed,
        state=state,
        fabric=fabric,
        on_epoch=on_epoch,
        clip_norm=recipe.clip_norm,
        stop=stop,
    )
