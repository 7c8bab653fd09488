"""Gated recurrent units over a window of frames that pass over those that are absent.

Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", https://arxiv.org/abs/1406.1078
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def encoder(inputs: int, shape: Mapping[str, Any], dropout: float) -> GRU:
    """The encoder of `inputs` features that a card's `shape` tells: layers, hidden, bidirectional."""
    return GRU(inputs, shape["layers"], shape["hidden"], dropout, shape["bidirectional"])


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
