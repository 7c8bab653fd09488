from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from stages.networks.gru import GRU
from stages.networks.transformer import Transformer, sinusoids

FRAMES, CHANNELS = 9, 16
ENCODERS: dict[str, Callable[[], nn.Module]] = {
    "transformer": lambda: Transformer(CHANNELS, 2, 4, 32, 0.1, positions=True),
    "pre-norm": lambda: Transformer(CHANNELS, 2, 4, 32, 0.1, positions=True, pre_norm=True),
    "gru": lambda: GRU(CHANNELS, 2, 6, 0.1, bidirectional=True),
    "forward gru": lambda: GRU(CHANNELS, 2, 6, 0.1, bidirectional=False),
}


def make(name: str) -> Any:
    torch.manual_seed(0)
    return ENCODERS[name]().eval()


def frames(batch: int) -> Tensor:
    return torch.randn(batch, FRAMES, CHANNELS, generator=torch.Generator().manual_seed(1))


def attention(layer: nn.TransformerEncoderLayer, x: Tensor, heads: int) -> Tensor:
    """Multi-head attention of one window [F, C], spelt out (Vaswani et al. 2017, 3.2)."""
    own = layer.self_attn
    query, key, value = F.linear(x, own.in_proj_weight, own.in_proj_bias).chunk(3, dim=-1)
    parts = []
    for q, k, v in zip(query.chunk(heads, -1), key.chunk(heads, -1), value.chunk(heads, -1), strict=True):
        parts.append(torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1) @ v)
    return own.out_proj(torch.cat(parts, dim=-1))


def recurrence(weights: dict[str, NDArray[np.float64]], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One direction of one layer of a GRU over [F, C], frame by frame (Cho et al. 2014, eq. 5 to 8)."""
    inner = {name: np.split(array, 3) for name, array in weights.items()}
    state, states = np.zeros(len(weights["weight_hh"]) // 3), []
    for frame in x:
        of_frame = [w @ frame + b for w, b in zip(inner["weight_ih"], inner["bias_ih"], strict=True)]
        of_state = [w @ state + b for w, b in zip(inner["weight_hh"], inner["bias_hh"], strict=True)]
        reset, update = (1 / (1 + np.exp(-(of_frame[gate] + of_state[gate]))) for gate in (0, 1))
        state = (1 - update) * np.tanh(of_frame[2] + reset * of_state[2]) + update * state
        states.append(state)
    return np.stack(states)


def layer_weights(network: GRU, suffix: str) -> dict[str, NDArray[np.float64]]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {name: getattr(network.layers, f"{name}_{suffix}").detach().double().numpy() for name in names}


@pytest.mark.parametrize("features", [4, 16])
def test_sinusoids_as_printed(features: int) -> None:
    found = sinusoids(50, features).numpy()
    for place in range(50):
        for pair in range(features // 2):
            angle = place / 10000 ** (2 * pair / features)
            assert found[place, 2 * pair] == pytest.approx(np.sin(angle), abs=1e-6)
            assert found[place, 2 * pair + 1] == pytest.approx(np.cos(angle), abs=1e-6)


def test_transformer_adds_positions_then_attends_then_feeds_forward() -> None:
    network, x = make("transformer"), frames(1)
    expected = x[0] + sinusoids(FRAMES, CHANNELS)
    for layer in network.layers.layers:
        expected = layer.norm1(expected + attention(layer, expected, 4))
        expected = layer.norm2(expected + layer.linear2(F.relu(layer.linear1(expected))))
    torch.testing.assert_close(network(x)[0], expected, rtol=1e-4, atol=1e-5)


def test_pre_norm_layers_are_those_of_vision_transformers() -> None:
    """Dosovitskiy et al. 2021, eq. 2 to 4: what is attended to and fed forward is normalised, and so is the end."""
    network, x = make("pre-norm"), frames(1)
    expected = x[0] + sinusoids(FRAMES, CHANNELS)
    for layer in network.layers.layers:
        expected = expected + attention(layer, layer.norm1(expected), 4)
        hidden = layer.linear1(layer.norm2(expected))
        expected = expected + layer.linear2(hidden * (1 + torch.erf(hidden / 2**0.5)) / 2)
    state = network.layers.norm.state_dict()
    expected = F.layer_norm(expected, (CHANNELS,), state["weight"], state["bias"])
    torch.testing.assert_close(network(x)[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "dropped"), [("pre-norm", 0.0), ("transformer", 0.1)])
def test_dropout_of_attention(name: str, dropped: float) -> None:
    assert {layer.self_attn.dropout for layer in make(name).layers.layers} == {dropped}


@pytest.mark.parametrize("name", ["gru", "forward gru"])
def test_gru_is_two_layers_of_the_printed_recurrence(name: str) -> None:
    network, x = make(name), frames(1)
    expected = x[0].double().numpy()
    for layer in (0, 1):
        ways = [recurrence(layer_weights(network, f"l{layer}"), expected)]
        if name == "gru":
            back = recurrence(layer_weights(network, f"l{layer}_reverse"), expected[::-1])
            ways.append(back[::-1])
        expected = np.concatenate(ways, axis=1)
    np.testing.assert_allclose(network(x)[0].detach().numpy(), expected, atol=1e-5)
    assert network.features == expected.shape[1]


@pytest.mark.parametrize("name", ENCODERS)
def test_a_window_does_not_depend_on_its_place_in_the_batch(name: str) -> None:
    network, x = make(name), frames(5)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(network(x[order]), network(x)[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_order_of_frames_matters(name: str) -> None:
    network, x = make(name), frames(2)
    order = torch.tensor([8, 2, 3, 4, 5, 6, 7, 0, 1])
    change = (network(x[:, order]) - network(x)[:, order]).abs()
    assert change.amax(dim=(1, 2)).min() > 0.01


def test_without_positions_a_transformer_does_not_know_the_order() -> None:
    torch.manual_seed(0)
    network, x = Transformer(CHANNELS, 2, 4, 32, 0.1).eval(), frames(2)
    order = torch.tensor([8, 2, 3, 4, 5, 6, 7, 0, 1])
    torch.testing.assert_close(network(x[:, order]), network(x)[:, order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_what_stands_in_absent_frames_changes_nothing(name: str) -> None:
    network, x = make(name), frames(3)
    absent = torch.zeros(3, FRAMES, dtype=torch.bool)
    absent[0, :4], absent[1, [2, 5]] = True, True  # before the first frame of a trial; in gaps
    disturbed = torch.where(absent[..., None], 100 * torch.randn(x.shape), x)
    found, expected = network(disturbed, absent), network(x, absent)
    torch.testing.assert_close(found[~absent], expected[~absent], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["gru", "forward gru"])
def test_gru_goes_on_behind_a_gap_where_it_was_before(name: str) -> None:
    network, x = make(name), frames(2)
    absent = torch.zeros(2, FRAMES, dtype=torch.bool)
    absent[0, :4], absent[1, [2, 5]] = True, True
    found = network(x, absent)
    for window in (0, 1):
        there = ~absent[window]
        alone = network(x[window : window + 1, there])[0]
        torch.testing.assert_close(found[window, there], alone, rtol=1e-4, atol=1e-5)
    assert not found[absent].any()


@pytest.mark.parametrize("name", ENCODERS)
def test_gradients_reach_every_frame_that_is_there(name: str) -> None:
    network, x = make(name).train(), frames(2).requires_grad_()
    absent = torch.zeros(2, FRAMES, dtype=torch.bool)
    absent[:, 6:] = True
    network(x, absent)[~absent].square().sum().backward()
    assert x.grad is not None
    reached = x.grad.abs().sum(-1) > 0
    assert (reached == ~absent).all()
