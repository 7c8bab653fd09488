"""Sequence model: frozen features of a window of frames through an encoder to task outputs of every frame.

Jin et al. 2021, 3.2 and Figure 2: visual and audio features through one transformer layer, whose code adds no
positions, then a linear layer. Fan et al. 2021, 2.2 and 2.3: visual features through a projection and a GRU,
each with a ReLU behind it (code), or a transformer with positions.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from stages.networks.common.heads import Heads


class SequenceModel(nn.Module):
    """`project`, then `encoder`, then `linear`, each as given or left out, then the heads for every frame.

    `relu`: what leaves the projection and the encoder passes a ReLU.
    """

    def __init__(
        self,
        heads: Heads,
        encoder: nn.Module,
        linear: nn.Module | None = None,
        project: nn.Linear | None = None,
        relu: bool = False,
    ) -> None:
        super().__init__()
        self.project = project or nn.Identity()
        self.encoder = encoder
        self.act = nn.ReLU() if relu else nn.Identity()
        self.linear = linear or nn.Identity()
        self.heads = heads

    def forward(self, visual: Tensor, audio: Tensor, absent: Tensor | None = None) -> dict[str, Tensor]:
        """Features [N, F, visual] and [N, F, audio], of no audio features too, to {task: [N, F, outputs]}.

        `absent` [N, F] is True where a frame has no face or lies beyond its video: it is passed over.
        """
        fused = self.act(self.project(torch.cat([visual, audio], dim=-1)))
        encoded = self.act(self.encoder(fused, absent))
        return cast(dict[str, Tensor], self.heads(self.linear(encoded)))


class FrameNorm(nn.BatchNorm1d):
    """Batch norm of each channel over all frames of all windows, [N, F, C] to the same shape."""

    def forward(self, x: Tensor) -> Tensor:
        """As above; absent frames count (Jin et al. 2021, code)."""
        return super().forward(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def dense(inputs: int, outputs: int, norm: bool) -> nn.Module:
    """A linear layer, and with `norm` batch norm and ReLU behind it (Jin et al. 2021, code)."""
    layer = nn.Linear(inputs, outputs)
    return nn.Sequential(layer, FrameNorm(outputs), nn.ReLU()) if norm else layer
