"""Filters of a given length before batch norms: the same function, and steps whose size does not hang on the start.

A batch norm takes the length w of the filters before it out again, so that what a step of gradient descent changes
goes with 1 / w² (van Laarhoven 2017, https://arxiv.org/abs/1706.05350, section 2).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Layer = nn.Conv2d | nn.Linear


@torch.no_grad()
def set_filter_length(network: nn.Module, length: float, example: Tensor) -> None:
    """Scale to `length` every filter of a layer that a batch norm reads, and that norm's statistics with it.

    `example` is an input of the network, which is run on it once, in eval mode. What leaves a layer that a batch norm
    reads must go nowhere else.
    """
    for layer, norm in _read_by_norms(network, example):
        factor = length / layer.weight.flatten(1).norm(dim=1)
        layer.weight *= factor.reshape(-1, *[1] * (layer.weight.dim() - 1))
        if layer.bias is not None:
            layer.bias *= factor
        norm.running_mean *= factor
        norm.running_var *= factor**2


def _read_by_norms(network: nn.Module, example: Tensor) -> Iterator[tuple[Layer, _BatchNorm]]:
    """Layers, and the batch norm that reads each."""
    made: list[tuple[Layer, Tensor]] = []
    read: list[tuple[_BatchNorm, Tensor]] = []
    hooks = []
    for module in network.modules():
        if isinstance(module, Layer):
            hooks.append(module.register_forward_hook(lambda m, _, out: made.append((m, out))))
        elif isinstance(module, _BatchNorm):
            hooks.append(module.register_forward_pre_hook(lambda m, inputs: read.append((m, inputs[0]))))
    mode = network.training
    network.eval()(example)
    network.train(mode)
    for hook in hooks:
        hook.remove()
    for layer, out in made:
        yield from ((layer, norm) for norm, seen in read if seen is out)
