"""Optimiser and schedule as the papers print them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import PositiveInt
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR, PolynomialLR

from stages.core.params import Strict


class Recipe(Strict):
    """What every training stage has in its block of params.yaml.

    `milestones` as a schedule divides the rate by ten after each of these epochs; `cosine` lets it fall to zero,
    `polynomial` with the square of what is left (InsightFace's arcface_torch/lr_scheduler.py). `head_lr` is the
    rate of the heads, `norm_lr` that of batch norms; None: that of all else. Batch norms decay with `decay_norms`.
    """

    seed: int
    threads: int
    epochs: PositiveInt
    batch: PositiveInt
    lr: float
    head_lr: float | None = None
    norm_lr: float | None = None
    optimizer: Literal["sgd", "adam"] = "sgd"
    schedule: Literal["milestones", "cosine", "polynomial", "constant"] = "milestones"
    milestones: tuple[int, ...] = ()
    momentum: float = 0.9
    weight_decay: float = 0.0
    decay_norms: bool = True
    clip_norm: float | None = None
    dropout: float = 0.0

    def build(self, model: nn.Module) -> tuple[Optimizer, LRScheduler]:
        """Optimizer and schedule; `heads` is the child of that name; frozen parameters are left out."""
        trained = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}
        heads = [trained.pop(name) for name in list(trained) if name.startswith("heads.")]
        own = set() if self.decay_norms and self.norm_lr is None else norms(model)
        norm = [trained.pop(name) for name in list(trained) if name in own]
        groups: list[dict[str, Any]] = [
            {"params": list(trained.values()), "lr": self.lr},
            {"params": heads, "lr": self.lr if self.head_lr is None else self.head_lr},
        ]
        if norm:
            rate = self.lr if self.norm_lr is None else self.norm_lr
            decay = self.weight_decay if self.decay_norms else 0.0
            groups.append({"params": norm, "lr": rate, "weight_decay": decay})
        optimizer: Optimizer = (
            Adam(groups, weight_decay=self.weight_decay)
            if self.optimizer == "adam"
            else SGD(groups, momentum=self.momentum, weight_decay=self.weight_decay)
        )
        return optimizer, self.scheduler(optimizer)

    def scheduler(self, optimizer: Optimizer) -> LRScheduler:
        """Stepped once an epoch."""
        if self.schedule == "cosine":
            return CosineAnnealingLR(optimizer, self.epochs)
        if self.schedule == "polynomial":
            return PolynomialLR(optimizer, self.epochs, power=2)
        reached = self.milestones if self.schedule == "milestones" else ()
        return MultiStepLR(optimizer, list(reached), gamma=0.1)


class Course(Recipe):
    """What a training that is validated epoch by epoch has as well.

    `keep`: all epochs stay on disk, or of each figure that an ensemble may choose by the best n. `patience`: epochs
    without a gain after which the training stops; None: never. `stands`: the epoch that stands for the network, the
    last one or the best on validation (on what a fold leaves out, if it has one).
    """

    keep: Literal["all"] | PositiveInt = "all"
    stands: Literal["last", "best"] = "best"
    patience: PositiveInt | None = None


def norms(model: nn.Module) -> set[str]:
    """Names of the parameters of the batch norms."""
    found = [name for name, module in model.named_modules() if isinstance(module, _BatchNorm)]
    return {f"{name}.{end}" for name in found for end in ("weight", "bias")}
