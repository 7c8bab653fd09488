"""Visual model: one backbone, one head a task (Jin et al. 2021, 3.1 and Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from stages.networks.common.backbones import Backbone
from stages.networks.common.heads import Heads


class VisualModel(nn.Module):
    """Frames to task outputs through a shared backbone; every head of `heads` reads its features."""

    def __init__(self, backbone: Backbone, heads: Heads) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = heads

    def forward(self, x: Tensor, tasks: Sequence[str] | None = None) -> dict[str, Tensor]:
        """What `backbone.front_end.prepare` makes, [N, 3, S, S], to {task: [N, outputs]}, of `tasks`."""
        return cast(dict[str, Tensor], self.heads(self.backbone(x), tasks))
