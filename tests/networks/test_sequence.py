from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.networks.heads import Heads
from stages.networks.sequence import SequenceModel


def model() -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(Heads(16, ("AU",)), inputs=32, features=16, feed_forward=64).eval()


def attention(layer: torch.nn.TransformerEncoderLayer, x: Tensor, heads: int) -> Tensor:
    """Multi-head attention of one window [F, C], spelt out (Vaswani et al. 2017, 3.2)."""
    own = layer.self_attn
    query, key, value = F.linear(x, own.in_proj_weight, own.in_proj_bias).chunk(3, dim=-1)
    parts = []
    for q, k, v in zip(query.chunk(heads, -1), key.chunk(heads, -1), value.chunk(heads, -1), strict=True):
        parts.append(torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1) @ v)
    return own.out_proj(torch.cat(parts, dim=-1))


def test_forward_is_one_encoder_layer_on_fused_features() -> None:
    network = model()
    visual, audio = torch.randn(1, 30, 16), torch.randn(1, 30, 16)
    layer = network.encoder.layers[0]
    x = torch.cat([visual, audio], dim=-1)[0]
    x = layer.norm1(x + attention(layer, x, 8))
    x = layer.norm2(x + layer.linear2(F.relu(layer.linear1(x))))
    expected = network.heads(network.linear(x))["AU"]
    torch.testing.assert_close(network(visual, audio)["AU"][0], expected, rtol=1e-4, atol=1e-5)


def test_published_sizes() -> None:
    layer = SequenceModel(Heads(512, ("AU", "EXPR"))).encoder.layers[0]
    assert layer.self_attn.embed_dim == 1024 and layer.self_attn.num_heads == 8
    assert layer.linear1.out_features == 2048 and layer.dropout.p == 0.1


def test_frames_past_the_end_of_a_video_are_not_attended_to() -> None:
    network = model()
    visual, audio = torch.randn(1, 30, 16), torch.randn(1, 30, 16)
    padding = torch.zeros(1, 30, dtype=torch.bool)
    padding[:, 20:] = True
    short = network(visual[:, :20], audio[:, :20])["AU"]
    torch.testing.assert_close(network(visual, audio, padding)["AU"][:, :20], short, rtol=1e-4, atol=1e-5)
