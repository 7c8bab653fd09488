"""Optimiser and schedule as the papers print them, shrunk with the number of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import PositiveInt
from torch import nn
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR, PolynomialLR

from stages.core.params import Strict


class Recipe(Strict):
    """What every training stage has in its block of params.yaml.

    `steps` divides the rate by ten after each of `milestones`, which belong to `milestones_of` epochs (a run
    of fewer `epochs` reaches them in proportion); `cosine` lets it fall to zero, `polynomial` with the square
    of what is left (InsightFace's arcface_torch/lr_scheduler.py).
    `lr_factor` multiplies the rate of all but the heads, `head_lr_factor` that of the heads: small networks
    and few steps need larger rates than published, but heads on features of unit variance would diverge.
    """

    seed: int
    threads: int
    epochs: PositiveInt
    batch: PositiveInt
    lr: float
    optimizer: Literal["sgd", "adam"] = "sgd"
    schedule: Literal["steps", "cosine", "polynomial", "constant"] = "steps"
    milestones: tuple[int, ...] = ()
    milestones_of: int | None = None
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip_norm: float | None = None
    dropout: float = 0.0
    lr_factor: float = 1.0
    head_lr_factor: float = 1.0

    def build(self, model: nn.Module) -> tuple[Optimizer, LRScheduler]:
        """Optimizer and schedule; `heads` is the child of that name; frozen parameters are left out."""
        trained = [(name, tensor) for name, tensor in model.named_parameters() if tensor.requires_grad]
        heads = [tensor for name, tensor in trained if name.startswith("heads.")]
        rest = [tensor for name, tensor in trained if not name.startswith("heads.")]
        groups = [
            {"params": rest, "lr": self.lr * self.lr_factor},
            {"params": heads, "lr": self.lr * self.head_lr_factor},
        ]
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
        reached = scaled(self.milestones, self.milestones_of or self.epochs, self.epochs)
        return MultiStepLR(optimizer, reached if self.schedule == "steps" else [], gamma=0.1)


def scaled(milestones: Sequence[int], milestones_of: int, epochs: int) -> list[int]:
    """Milestones of a run of `milestones_of` epochs in one of `epochs`: [8, 10, 12] of 15, [4, 5, 6] of 8."""
    return [max(1, round(step * epochs / milestones_of)) for step in milestones]
