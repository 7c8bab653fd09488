"""The one training loop: epochs that can be killed anywhere and end in the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.core.runtime import atomic_path, log, micro_batch, seed_all
from stages.training.micro_batches import in_micro_batches

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

History = list[dict[str, float]]
Loss = Callable[[nn.Module, Any], dict[str, Tensor]]


def fit(
    model: nn.Module,
    loss: Loss,
    batches: Callable[[int], Iterable[Any]],
    *,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    epochs: int,
    seed: int,
    state: Path,
    fabric: Fabric,
    on_epoch: Callable[[int], dict[str, float]] | None = None,
    clip_norm: float | None = None,
    stop: Callable[[History], bool] | None = None,
) -> History:
    """Train for `epochs`; one history row an epoch: epoch, lr, means of the loss terms, scores of `on_epoch`.

    `loss(model, batch)` returns terms of which "loss" is minimised, the others are logged.
    `batches(epoch)` counts from 1 and must be a pure function of its own seed and the epoch.
    `scheduler` steps once an epoch. `on_epoch(epoch)` validates in the first process, in eval mode without
    gradients; what it writes belongs beside the state, since a killed epoch is done again.
    A device's part of a batch is run in micro-batches of MICRO_BATCH samples, if the environment says so.
    No further epoch begins once `stop(history)` says so in the first process.
    `state` is a folder outside the stage's outs; training goes on from its `last.pt` if there is one.
    """
    wrapped, wrapped_optimizer = fabric.setup(in_micro_batches(model, micro_batch()), optimizer)
    done, history = _restore(state / "last.pt", model, optimizer, scheduler, fabric)
    for epoch in range(done + 1, epochs + 1):
        if stop is not None and fabric.broadcast(fabric.is_global_zero and stop(history)):
            log.print(f"stopped after epoch {epoch - 1}")
            break
        seed_all(epoch_seed(seed, epoch))
        row = {"epoch": float(epoch), "lr": float(optimizer.param_groups[0]["lr"])}
        with _closed(batches(epoch)) as prepared:
            row |= _train_epoch(wrapped, loss, prepared, wrapped_optimizer, fabric, clip_norm)
        if on_epoch is not None and fabric.is_global_zero:
            row |= _validate(wrapped, on_epoch, epoch)
        if scheduler is not None:
            scheduler.step()
        history.append(row)
        _save(state / "last.pt", model, optimizer, scheduler, history, fabric)
        if fabric.is_global_zero:
            log.print(_line(row, epochs))
    return history


def epoch_seed(seed: int, epoch: int) -> int:
    """One seed for each (seed, epoch), unlike those of the neighbours; 32 bits."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


@contextmanager
def _closed(batches: Iterable[Any]) -> Iterator[Iterable[Any]]:
    """Close what prepares batches whatever happens: its threads end with it."""
    try:
        yield batches
    finally:
        if close := getattr(batches, "close", None):
            close()


def _train_epoch(
    model: Any, loss: Loss, batches: Iterable[Any], optimizer: Any, fabric: Fabric, clip_norm: float | None
) -> dict[str, float]:
    model.train()
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    for batch in batches:
        # None, not zero: a head without a loss in this batch must see neither momentum nor weight decay.
        optimizer.zero_grad(set_to_none=True)
        terms = loss(model, batch)
        fabric.backward(terms["loss"])
        if clip_norm is not None:
            fabric.clip_gradients(model, optimizer, max_norm=clip_norm)
        optimizer.step()
        for name, term in terms.items():
            sums[name] = sums.get(name, torch.zeros(())) + term.detach().double().cpu()
            counts[name] = counts.get(name, 0) + 1
    return {name: float(sums[name]) / counts[name] for name in sums}


def _validate(model: nn.Module, on_epoch: Callable[[int], dict[str, float]], epoch: int) -> dict[str, float]:
    model.eval()
    with torch.no_grad():
        return on_epoch(epoch)


def _save(
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    history: History,
    fabric: Fabric,
) -> None:
    if fabric.is_global_zero:
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict() if scheduler is not None else None,
            "history": history,
        }
        with atomic_path(path) as beside:
            torch.save(state, beside)
    fabric.barrier()


def _restore(
    path: Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler | None, fabric: Fabric
) -> tuple[int, History]:
    if not path.exists():
        return 0, []
    state = torch.load(path, map_location=fabric.device, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    history: History = state["history"]
    log.print(f"resumed after epoch {len(history)} from {path}")
    return len(history), history


def _line(row: dict[str, float], epochs: int) -> str:
    rest = "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "epoch")
    return f"epoch {row['epoch']:.0f}/{epochs}  {rest}"
