"""A transformer over a window of frames that passes over those that are absent.

Vaswani et al., "Attention Is All You Need", https://arxiv.org/abs/1706.03762
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from stages.core.errors import UserError


def encoder(inputs: int, shape: Mapping[str, Any], dropout: float) -> Transformer:
    """The encoder of `inputs` features that a card's `shape` tells: layers, attention_heads, feed_forward, positions,
    pre_norm.

    Errors: UserError where the attention heads cannot share the features evenly.
    """
    heads, positions = shape["attention_heads"], shape["positions"] == "sinusoidal"
    if inputs % heads:
        raise UserError(
            f"params.yaml, key attention_heads of the sequence model: {heads} heads cannot share {inputs} "
            "features; choose a divisor, or another `project`"
        )
    return Transformer(
        inputs, shape["layers"], heads, shape["feed_forward"], dropout, positions, shape["pre_norm"]
    )


class Transformer(nn.Module):
    """Encoder layers as Vaswani et al. print them: attention, then feed-forward, each added and normalised.

    `positions` adds sinusoids along time, with a dropout on the sum (3.5 and 5.4 there). `pre_norm`: the layers of
    vision transformers (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929, eq. 2 to 4), which normalise
    what they read, with GELU, no dropout of attention and one more norm at the end.
    """

    def __init__(
        self,
        inputs: int,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
        positions: bool = False,
        pre_norm: bool = False,
    ) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            inputs,
            heads,
            feed_forward,
            dropout,
            activation="gelu" if pre_norm else "relu",
            batch_first=True,
            norm_first=pre_norm,
        )
        if pre_norm:
            layer.self_attn.dropout = 0.0
        norm = nn.LayerNorm(inputs) if pre_norm else None
        self.layers = nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)
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
