"""Task heads: one linear layer a task on shared features (Jin et al. 2021, 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

OUTPUTS = {"AU": 12, "EXPR": 7, "VA": 2}  # action unit logits, expression logits, valence and arousal


class Heads(nn.Module):
    """One linear layer for each of `tasks`, behind a dropout and, if asked for, a hidden layer they share.

    The hidden layer is linear with a ReLU (Thinh et al. 2021, 2.2: 512). Valence and arousal pass a tanh,
    since they lie in [-1, 1]; the others are logits.
    """

    def __init__(
        self, features: int, tasks: Sequence[str], dropout: float = 0.0, hidden: int | None = None
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Sequential(nn.Linear(features, hidden), nn.ReLU()) if hidden else nn.Identity()
        self.tasks = nn.ModuleDict({task: nn.Linear(hidden or features, OUTPUTS[task]) for task in tasks})

    def forward(self, features: Tensor, tasks: Sequence[str] | None = None) -> dict[str, Tensor]:
        """[..., features] to {"AU": [..., 12], "EXPR": [..., 7], "VA": [..., 2]}, of the tasks it has.

        `tasks` leaves the other heads out of the graph: no gradients for them, on several devices either.
        """
        features = self.dropout(self.hidden(features))
        outputs = {task: self.tasks[task](features) for task in tasks or self.tasks}
        return {task: torch.tanh(x) if task == "VA" else x for task, x in outputs.items()}
