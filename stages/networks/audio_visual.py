"""Audio stream beside a frozen visual stream (Jin et al. 2021, 3.2; steps as in their released code).

The stream is a time delay neural network on mel frames (Peddinti et al., Interspeech 2015, Table 1 and Figure 1).
Each layer splices its input at a few offsets in time, so it is a dilated 1-D convolution. ReLU and batch norm
stand for the p-norm of the paper, as in Kaldi's later recipes.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.networks.common.heads import Heads
from stages.networks.common.linear import linear_weights

# Offsets in frames that a layer reads, equally spaced; together they see 13 frames back and 9 ahead.
SPLICES = ((-2, -1, 0, 1, 2), (-1, 2), (-3, 3), (-7, 2), (0,))
STEPS = 100  # mel frames that a segment of video is resampled to


class Splice(nn.Module):
    """Affine map of the frames at `offsets`, ReLU, batch norm; as many frames out as in."""

    def __init__(self, inputs: int, outputs: int, offsets: tuple[int, ...]) -> None:
        super().__init__()
        dilation = offsets[1] - offsets[0] if len(offsets) > 1 else 1
        self.padding = (-offsets[0], offsets[-1])  # zeros before the first and behind the last frame
        self.affine = nn.Conv1d(inputs, outputs, len(offsets), dilation=dilation)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, T] to [N, outputs, T]."""
        return cast(Tensor, self.norm(F.relu(self.affine(F.pad(x, self.padding)))))


class TDNN(nn.Module):
    """Five spliced layers of `features` units (Jin et al. 2021, 4.2: 512)."""

    def __init__(self, mels: int = 64, features: int = 512) -> None:
        super().__init__()
        inputs = (mels, *[features] * (len(SPLICES) - 1))
        self.layers = nn.Sequential(*(Splice(n, features, s) for n, s in zip(inputs, SPLICES, strict=True)))

    def forward(self, mel: Tensor) -> Tensor:
        """[N, T, mels] to [N, T, features]."""
        return cast(Tensor, self.layers(mel.transpose(1, 2)).transpose(1, 2))


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
