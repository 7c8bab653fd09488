from __future__ import annotations

import math

import torch

from stages.pretrain.cosface import CosFace


def test_logits_by_hand() -> None:
    head = CosFace(2, 2, scale=10.0, margin=0.4)
    head.weight.data = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
    features = torch.tensor([[2.0, 2.0], [0.0, -7.0]])
    logits = head(features, torch.tensor([0, 1]))
    half = math.sqrt(0.5)
    expected = torch.tensor([[10 * (half - 0.4), 10 * half], [0.0, 10 * (-1 - 0.4)]])
    torch.testing.assert_close(logits, expected)


def test_lengths_do_not_matter() -> None:
    torch.manual_seed(0)
    head, features, identity = CosFace(8, 5), torch.randn(3, 8), torch.tensor([0, 4, 2])
    logits = head(features, identity)
    head.weight.data *= 7
    torch.testing.assert_close(head(features * 3, identity), logits)
    assert (head.scale, head.margin) == (64.0, 0.4)
