"""Mean teacher (Tarvainen & Valpola 2017, https://arxiv.org/abs/1703.01780) on incomplete labels.

Wang & Wang 2021, 3.2: the teacher, an average of the student over its steps, sees the same clips in another
light; where a task's label is missing, its answer is the student's hard label.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from stages.training.losses import TaskLoss, joint

Outputs = dict[str, Tensor]


class MeanTeacher(nn.Module):
    """A student and its teacher, parameters and buffers averaged; only the student is trained.

    The teacher is always in eval mode: its batch norms use the averaged statistics. It is part of the state
    dict, its step counter included, so a run that goes on goes on with its teacher.
    """

    def __init__(self, student: nn.Module, decay: float) -> None:
        super().__init__()
        self.student = student
        self.average = AveragedModel(student, avg_fn=_average(decay), use_buffers=True).requires_grad_(False)

    @property
    def teacher(self) -> nn.Module:
        """The network whose tensors are averages, for prediction."""
        return self.average.module

    def train(self, mode: bool = True) -> MeanTeacher:
        """As for any module, but the teacher stays in eval mode."""
        super().train(mode)
        self.average.eval()
        return self

    def forward(self, clips: Tensor, noisy: Tensor, mel: Tensor) -> tuple[Outputs, Outputs]:
        """The student's outputs of clips, and the teacher's, without gradients, of their noisy form."""
        outputs = self.student(clips, mel)  # first: a second pass for gradients ends behind it
        with torch.no_grad():
            return outputs, self.average(noisy, mel)

    @torch.no_grad()
    def follow(self, *_: Any) -> None:
        """Move the teacher towards the student; called after each step of the optimizer."""
        self.average.update_parameters(self.student)


def _average(decay: float) -> Any:
    """θ' ← η θ' + (1 − η) θ; the plain mean of the first 1 / (1 − η) steps. The counter never restarts."""

    def average(own: Tensor, new: Tensor, steps: Tensor) -> Tensor:
        share = torch.clamp(1 / (steps + 1), min=1 - decay)
        return own + (new - own) * share.to(own.device)

    return average


def pseudo_labels(taught: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Outputs:
    """The teacher's hard labels where a task's label is missing, missing where there is one.

    Logits AU [N, 12] to 0 or 1 at a probability of ½, EXPR [N, 7] to the most likely class, VA as it is.
    """
    hard = {
        "AU": lambda logits: (logits > 0).to(targets["AU"].dtype),
        "EXPR": lambda logits: logits.argmax(dim=-1).to(targets["EXPR"].dtype),
        "VA": lambda values: values,
    }
    missing = {"AU": -1, "EXPR": -1, "VA": torch.nan}
    return {
        task: torch.where(_known(target), missing[task], hard[task](taught[task]))
        for task, target in targets.items()
    }


def ramp_up(epoch: int, length: float) -> float:
    """Weight of consistency, from 0.007 in epoch 1 to 1 after `length` epochs (Laine & Aila 2017, 3.1)."""
    progress = min((epoch - 1) / length, 1.0) if length else 1.0
    return exp(-5.0 * (1.0 - progress) ** 2)


def consistency(
    outputs: Outputs, taught: Outputs, targets: Mapping[str, Tensor], losses: Mapping[str, TaskLoss]
) -> Tensor:
    """Sum of the same losses against the teacher's labels, each over what is not labelled (section C)."""
    return joint(outputs, pseudo_labels(taught, targets), losses)["loss"]


def _known(target: Tensor) -> Tensor:
    return ~target.isnan() if target.is_floating_point() else target >= 0
