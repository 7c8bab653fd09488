"""Sequence model: frozen features of a window of frames through an encoder to task outputs of every frame.

Jin et al. 2021, 3.2 and Figure 2: visual and audio features through one transformer layer, whose code adds no
positions, then a linear layer. Fan et al. 2021, 2.2 and 2.3: visual features through a projection and a GRU,
or a transformer with positions.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from stages.networks.common.heads import Heads


class SequenceModel(nn.Module):
    """`project`, then `encoder`, then `linear`, each as given or left out, then the heads for every frame."""

    def __init__(
        self,
        heads: Heads,
        encoder: nn.Module,
        linear: nn.Linear | None = None,
        project: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.project = project or nn.Identity()
        self.encoder = encoder
        self.linear = linear or nn.Identity()
        self.heads = heads

    def forward(self, visual: Tensor, audio: Tensor, absent: Tensor | None = None) -> dict[str, Tensor]:
        """Features [N, F, visual] and [N, F, audio], of no audio features too, to {task: [N, F, outputs]}.

        `absent` [N, F] is True where a frame has no face or lies beyond its video: it is passed over.
        """
        fused = self.project(torch.cat([visual, audio], dim=-1))
        return cast(dict[str, Tensor], self.heads(self.linear(self.encoder(fused, absent))))
