"""Encoders of a window of frames: a transformer and a GRU; both pass over frames that are absent.

Vaswani et al., "Attention Is All You Need", https://arxiv.org/abs/1706.03762
Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", https://arxiv.org/abs/1406.1078
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Transformer(nn.Module):
    """Encoder layers as Vaswani et al. print them: attention, then feed-forward, each added and normalised.

    `positions` adds sinusoids along time, with a dropout on the sum (3.5 and 5.4 there).
    """

    def __init__(
        self, inputs: int, layers: int, heads: int, feed_forward: int, dropout: float, positions: bool = False
    ) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(inputs, heads, feed_forward, dropout, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.positions = positions
        self.features = inputs

    def forward(self, x: Tensor, absent: Tensor | None = None) -> Tensor:
        """[N, F, C] to [N, F, C]; frames where `absent` [N, F] is True are not attended to."""
        if self.positions:
            x = self.dropout(x + sinusoids(x.shape[1], x.shape[2]).to(x))
        encoded: Tensor = self.layers(x, src_key_padding_mask=absent)
        return encoded


def sinusoids(length: int, features: int) -> Tensor:
    """Positions along time, [length, features]: sines in even channels, cosines in odd ones (3.5)."""
    pairs = torch.arange(0, features, 2, dtype=torch.float64)
    angles = torch.arange(length)[:, None] * torch.exp(-math.log(10000.0) * pairs / features)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :features].float()


class GRU(nn.Module):
    """Gated recurrent units, `layers` deep; its state passes over absent frames unchanged."""

    def __init__(self, inputs: int, layers: int, hidden: int, dropout: float, bidirectional: bool) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.layers = nn.GRU(
            inputs, hidden, layers, batch_first=True, dropout=between, bidirectional=bidirectional
        )
        self.features = hidden * (2 if bidirectional else 1)

    def forward(self, x: Tensor, absent: Tensor | None = None) -> Tensor:
        """[N, F, C] to [N, F, features], zero where `absent` [N, F] is True; a window holds some frame."""
        if absent is None:
            return self.layers(x)[0]
        there = ~absent
        # A frame's place among those that are there: they move to the front, and back after the recurrence.
        place = (there.cumsum(1) - 1).clamp(min=0)[..., None]
        order = absent.to(torch.uint8).argsort(dim=1, stable=True)[..., None]
        front = x.gather(1, order.expand_as(x))
        packed = pack_padded_sequence(front, there.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        encoded, _ = pad_packed_sequence(self.layers(packed)[0], batch_first=True, total_length=x.shape[1])
        return encoded.gather(1, place.expand_as(encoded)) * there[..., None]
