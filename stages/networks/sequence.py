"""Sequence model: fused features through a transformer encoder (Jin et al. 2021, 3.2 and Figure 2).

Vaswani et al., "Attention Is All You Need", https://arxiv.org/abs/1706.03762; one layer of 8 heads, a
feed-forward of 2048 and dropout 0.1 as in Jin's released code, which adds no positions.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from stages.networks.heads import Heads


class SequenceModel(nn.Module):
    """Encoder layers over a window of frames, a linear layer of 512, then the heads for every frame."""

    def __init__(
        self,
        heads: Heads,
        inputs: int = 1024,
        features: int = 512,
        layers: int = 1,
        attention_heads: int = 8,
        feed_forward: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(inputs, attention_heads, feed_forward, dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.linear = nn.Linear(inputs, features)
        self.heads = heads

    def forward(self, visual: Tensor, audio: Tensor, padding: Tensor | None = None) -> dict[str, Tensor]:
        """Features [N, F, 512] of both streams to {task: [N, F, outputs]}.

        `padding` [N, F] is True where a window reaches past its video: such frames are not attended to.
        """
        fused = torch.cat([visual, audio], dim=-1)
        encoded = self.encoder(fused, src_key_padding_mask=padding)
        return cast(dict[str, Tensor], self.heads(self.linear(encoded)))
