"""SGD and its step schedule as the papers print them, shrunk with the number of epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import MultiStepLR


@dataclass(frozen=True)
class Recipe:
    """SGD with momentum whose rate is divided by ten after each of `milestones`.

    The milestones belong to `milestones_of` epochs; a run of fewer `epochs` reaches them in proportion.
    `lr_factor` multiplies the rate of all but the heads, `head_lr_factor` that of the heads: small networks
    and few steps need larger rates than published, but heads on 512 features of unit variance would diverge.
    """

    lr: float
    momentum: float
    weight_decay: float
    epochs: int
    milestones: Sequence[int]
    milestones_of: int
    clip_norm: float | None = None
    lr_factor: float = 1.0
    head_lr_factor: float = 1.0

    @classmethod
    def pick(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe among a stage's parameters."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def build(self, model: nn.Module) -> tuple[SGD, MultiStepLR]:
        """Optimizer and schedule; `heads` is the child of that name; frozen parameters are left out."""
        trained = [(name, tensor) for name, tensor in model.named_parameters() if tensor.requires_grad]
        heads = [tensor for name, tensor in trained if name.startswith("heads.")]
        rest = [tensor for name, tensor in trained if not name.startswith("heads.")]
        groups = [
            {"params": rest, "lr": self.lr * self.lr_factor},
            {"params": heads, "lr": self.lr * self.head_lr_factor},
        ]
        optimizer = SGD(groups, momentum=self.momentum, weight_decay=self.weight_decay)
        return optimizer, MultiStepLR(optimizer, self.steps(), gamma=0.1)

    def steps(self) -> list[int]:
        """Milestones in epochs of this run."""
        return scaled(self.milestones, self.milestones_of, self.epochs)


def scaled(milestones: Sequence[int], milestones_of: int, epochs: int) -> list[int]:
    """Milestones of a run of `milestones_of` epochs in one of `epochs`: [8, 10, 12] of 15, [4, 5, 6] of 8."""
    return [max(1, round(step * epochs / milestones_of)) for step in milestones]
