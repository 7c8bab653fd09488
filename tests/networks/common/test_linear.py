from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from stages.networks.common.linear import bilinear, linear_weights


@pytest.mark.parametrize(
    ("size", "wanted"), [((3, 5), (6, 10)), ((4, 4), (32, 32)), ((7, 6), (5, 9)), ((1, 1), (8, 8))]
)
def test_values_and_gradients_are_those_of_interpolate(
    size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 3, *wanted, dtype=torch.float64)
    ours, theirs = bilinear(x, *wanted), F.interpolate(x, wanted, mode="bilinear", align_corners=False)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
    gradients = [torch.autograd.grad((each * weight).sum(), x)[0] for each in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_every_step_is_a_mean_of_its_neighbours() -> None:
    weights = linear_weights(2, 4, torch.zeros(1))
    torch.testing.assert_close(weights, torch.tensor([[1, 0.75, 0.25, 0], [0, 0.25, 0.75, 1]]))
