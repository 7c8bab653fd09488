from __future__ import annotations

import torch
from torch import Tensor, nn

from stages.networks.common.backbones import Backbone, build_backbone
from stages.networks.common.filter_length import set_filter_length

SIZE = 48


def backbone(kind: str, depth: int) -> Backbone:
    """A narrow backbone whose batch norms have seen something."""
    torch.manual_seed(0)
    network = build_backbone(kind, depth, 0.25, SIZE)
    network.train()(torch.randn(16, 3, SIZE, SIZE))
    return network


def scaled(network: Backbone, length: float) -> Backbone:
    set_filter_length(network, length, torch.zeros(1, 3, SIZE, SIZE))
    return network


def apart(found: Tensor, expected: Tensor) -> float:
    """Length of the difference, as a share; batch norms' small constants leave some."""
    return float((found - expected).detach().norm() / expected.detach().norm())


def test_the_function_stays_in_training_and_in_evaluation() -> None:
    images = torch.randn(4, 3, SIZE, SIZE)
    for mode in (True, False):
        first, second = backbone("iresnet", 18).train(mode), scaled(backbone("iresnet", 18), 0.3).train(mode)
        assert apart(second(images), first(images)) < 0.02


def test_every_layer_before_a_batch_norm_and_no_other_has_filters_of_the_length() -> None:
    found = scaled(backbone("iresnet", 18), 0.3)
    lengths = {
        name: layer.weight.flatten(1).norm(dim=1)
        for name, layer in found.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }
    assert len(lengths) == 1 + 8 * 2 + 4 + 1  # stem, two in each block, a shortcut in each layer, the last
    for length in lengths.values():
        torch.testing.assert_close(length, torch.full_like(length, 0.3))
    before, after = backbone("ir_se", 18), scaled(backbone("ir_se", 18), 0.3)
    gates = [name for name, _ in before.named_parameters() if ".fc1." in name or ".fc2." in name]
    assert gates
    assert all(torch.equal(before.get_parameter(name), after.get_parameter(name)) for name in gates)


def test_a_step_goes_as_far_as_one_of_the_rate_over_the_squared_length() -> None:
    """Two starts of one function, their rates as the squares of their lengths, are one function after a step."""
    images, after = torch.randn(16, 3, SIZE, SIZE), []
    for length in (1.0, 0.5):
        network = scaled(backbone("iresnet", 18), length)
        weights = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        before = network(images)
        before.pow(3).mean().backward()
        torch.optim.SGD(weights, lr=0.3 * length**2).step()
        after.append(network(images))
        assert apart(after[-1], before) > 0.1
    assert apart(after[0], after[1]) < 0.02
