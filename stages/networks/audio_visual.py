"""Audio stream beside a frozen visual stream (Jin et al. 2021, 3.2; steps as in their released code)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from stages.networks.common.heads import Heads
from stages.networks.common.linear import linear_weights
from stages.networks.tdnn import TDNN

STEPS = 100  # mel frames that a segment of video is resampled to


def resample(x: Tensor, steps: int) -> Tensor:
    """[N, T, C] to [N, steps, C], linear in time; both cover the same segment."""
    return (x.transpose(1, 2) @ linear_weights(x.shape[1], steps, x)).transpose(1, 2)


class AudioVisualModel(nn.Module):
    """TDNN on a segment's mel, brought to its frames and joined with their visual features."""

    def __init__(self, audio: TDNN, heads: Heads, steps: int = STEPS) -> None:
        super().__init__()
        self.audio = audio
        self.heads = heads
        self.steps = steps

    def embed(self, mel: Tensor, frames: int) -> Tensor:
        """Mel [N, T, 64] of a segment to the audio features of its frames, [N, frames, 512]."""
        return resample(self.audio(resample(mel, self.steps)), frames)

    def forward(self, visual: Tensor, mel: Tensor) -> dict[str, Tensor]:
        """Visual features [N, F, 512] and mel [N, T, 64] of a segment to {task: [N, F, outputs]}."""
        features = torch.cat([visual, self.embed(mel, visual.shape[1])], dim=-1)
        return cast(dict[str, Tensor], self.heads(features))
