from __future__ import annotations

import numpy as np
import pytest
import torch

from stages.networks.pyramid import CoordinateAttention


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def by_hand(module: CoordinateAttention, x: np.ndarray) -> np.ndarray:
    """Hou et al. 2021, eq. 4 to 9, position by position; batch norm with its running statistics."""
    state = {name: tensor.numpy().astype(float) for name, tensor in module.state_dict().items()}

    def squeezed(z: np.ndarray) -> np.ndarray:  # [C] to [hidden]
        f = state["conv1.weight"][:, :, 0] @ z + state["conv1.bias"]
        scaled = (f - state["bn1.running_mean"]) / np.sqrt(state["bn1.running_var"] + 1e-5)
        f = scaled * state["bn1.weight"] + state["bn1.bias"]
        return f * np.clip(f + 3, 0, 6) / 6  # h-swish

    def gate(axis: str, z: np.ndarray) -> np.ndarray:  # [C] to [C]
        return sigmoid(state[f"conv_{axis}.weight"][:, :, 0] @ squeezed(z) + state[f"conv_{axis}.bias"])

    out = np.empty_like(x)
    for n, (height, width) in ((n, x.shape[2:]) for n in range(len(x))):
        for i in range(height):
            for j in range(width):
                row, column = x[n, :, i, :].mean(axis=1), x[n, :, :, j].mean(axis=1)
                out[n, :, i, j] = x[n, :, i, j] * gate("h", row) * gate("w", column)
    return out


def trained(channels: int) -> CoordinateAttention:
    """A module whose every tensor has left its start."""
    torch.manual_seed(0)
    module = CoordinateAttention(channels).eval()
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.normal_().mul_(0.5)
        if name.endswith("running_var"):
            tensor.abs_().add_(0.5)
    return module


@pytest.mark.parametrize(("height", "width"), [(5, 5), (3, 4)])
def test_gates_are_the_papers(height: int, width: int) -> None:
    module = trained(16)
    x = torch.randn(2, 16, height, width)
    with torch.no_grad():
        ours = module(x).numpy()
    np.testing.assert_allclose(ours, by_hand(module, x.numpy().astype(float)), atol=1e-5)


@pytest.mark.parametrize(("channels", "hidden"), [(64, 8), (512, 16), (16, 8)])
def test_reduction_is_32_but_eight_channels_stay(channels: int, hidden: int) -> None:
    assert CoordinateAttention(channels).conv1.weight.shape == (hidden, channels, 1)


def test_it_starts_as_one_factor_near_one() -> None:
    x = torch.randn(2, 16, 6, 6)
    factors = CoordinateAttention(16)(x) / x
    assert torch.allclose(factors, factors.flatten()[0].expand_as(factors), atol=1e-5)
    assert 0.9 < float(factors.flatten()[0].detach()) < 1


def test_every_part_learns_after_one_step() -> None:
    torch.manual_seed(0)
    module = CoordinateAttention(16)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    for _ in range(2):
        optimizer.zero_grad()
        module(torch.randn(8, 16, 6, 6)).square().mean().backward()
        optimizer.step()
    # conv1's bias is taken out again by the batch norm behind it.
    grads = {name: tensor.grad for name, tensor in module.named_parameters() if name != "conv1.bias"}
    assert all(grad is not None and float(grad.abs().max()) > 1e-7 for grad in grads.values())
