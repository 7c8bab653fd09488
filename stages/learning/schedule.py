"""SGD and its step schedule as the papers print them, shrunk with the number of epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from torch.nn import Parameter
from torch.optim import SGD
from torch.optim.lr_scheduler import MultiStepLR


@dataclass(frozen=True)
class Recipe:
    """SGD with momentum whose rate is divided by ten after each of `milestones`.

    The milestones belong to `milestones_of` epochs; a run of fewer `epochs` reaches them in proportion.
    `lr_factor` multiplies the rate: narrow networks and few steps need a larger one than published.
    """

    lr: float
    momentum: float
    weight_decay: float
    epochs: int
    milestones: Sequence[int]
    milestones_of: int
    clip_norm: float | None = None
    lr_factor: float = 1.0

    @classmethod
    def pick(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe among a stage's parameters."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def build(self, parameters: Iterable[Parameter]) -> tuple[SGD, MultiStepLR]:
        """Optimizer and schedule; parameters without gradients (frozen ones) are left out."""
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        lr = self.lr * self.lr_factor
        optimizer = SGD(trained, lr=lr, momentum=self.momentum, weight_decay=self.weight_decay)
        return optimizer, MultiStepLR(optimizer, self.steps(), gamma=0.1)

    def steps(self) -> list[int]:
        """Milestones in epochs of this run."""
        return scaled(self.milestones, self.milestones_of, self.epochs)


def scaled(milestones: Iterable[int], milestones_of: int, epochs: int) -> list[int]:
    """Milestones of a run of `milestones_of` epochs in one of `epochs`: [8, 10, 12] of 15, [4, 5, 6] of 8."""
    return [max(1, round(step * epochs / milestones_of)) for step in milestones]
