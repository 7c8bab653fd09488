"""Published networks written from their tensors alone: what each file's authors compute with it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]
Name = Callable[[int, int, str], str]  # of layer, block and part, without the kind of tensor


def norm(state: State, x: Tensor, name: str) -> Tensor:
    """Batch norm in eval mode."""
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], eps=1e-5)


def randomise(state: State) -> None:
    """Statistics and slopes that matter, in place; a fresh network's are all zeros and ones."""
    for name, value in state.items():
        if name.endswith(("running_mean", "bias")):
            value.normal_(std=0.2)
        elif name.endswith("running_var") or (name.endswith(".weight") and value.ndim == 1):
            value.uniform_(0.5, 1.5)


def iresnet(state: State, x: Tensor, blocks: tuple[int, ...]) -> Tensor:
    """Faces [N, 3, S, S] to features [N, 512]."""

    def unit(x: Tensor, name: str, stride: int) -> Tensor:
        y = F.conv2d(norm(state, x, f"{name}.bn1"), state[f"{name}.conv1.weight"], padding=1)
        y = F.prelu(norm(state, y, f"{name}.bn2"), state[f"{name}.prelu.weight"])
        y = F.conv2d(y, state[f"{name}.conv2.weight"], stride=stride, padding=1)
        if stride == 2:
            x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=2)
            x = norm(state, x, f"{name}.downsample.1")
        return norm(state, y, f"{name}.bn3") + x

    x = norm(state, F.conv2d(x, state["conv1.weight"], padding=1), "bn1")
    x = F.prelu(x, state["prelu.weight"])
    for layer, count in enumerate(blocks, start=1):
        for block in range(count):
            x = unit(x, f"layer{layer}.{block}", 1 if block else 2)
    x = norm(state, x, "bn2").flatten(1)
    return norm(state, F.linear(x, state["fc.weight"], state["fc.bias"]), "features")


def ir_se(state: State, x: Tensor, blocks: tuple[int, ...]) -> Tensor:
    """Faces [N, 3, S, S] to features [N, 512], before their division by length."""
    x = norm(state, F.conv2d(x, state["input_layer.0.weight"], padding=1), "input_layer.1")
    x = F.prelu(x, state["input_layer.2.weight"])
    index = 0
    for units in blocks:
        for unit in range(units):
            name, stride = f"body.{index}", 1 if unit else 2
            y = norm(state, x, f"{name}.res_layer.0")
            y = F.conv2d(y, state[f"{name}.res_layer.1.weight"], padding=1)
            y = F.prelu(y, state[f"{name}.res_layer.2.weight"])
            y = F.conv2d(y, state[f"{name}.res_layer.3.weight"], stride=stride, padding=1)
            y = norm(state, y, f"{name}.res_layer.4")
            squeezed = F.adaptive_avg_pool2d(y, 1)
            squeezed = F.conv2d(squeezed, state[f"{name}.res_layer.5.fc1.weight"]).clamp(min=0)
            y = y * F.conv2d(squeezed, state[f"{name}.res_layer.5.fc2.weight"]).sigmoid()
            if f"{name}.shortcut_layer.0.weight" in state:
                shortcut = F.conv2d(x, state[f"{name}.shortcut_layer.0.weight"], stride=stride)
                x = norm(state, shortcut, f"{name}.shortcut_layer.1")
            else:
                x = x[:, :, ::stride, ::stride]
            x, index = x + y, index + 1
    x = norm(state, x, "output_layer.0").flatten(1)
    x = F.linear(x, state["output_layer.3.weight"], state["output_layer.3.bias"])
    return norm(state, x, "output_layer.4")


def caffe_resnet(state: State, x: Tensor, blocks: tuple[int, ...], name: Name) -> Tensor:
    """Faces [N, 3, S, S] to pooled features; layer 0 of `name` is the first convolution ("conv", "bn")."""

    def conv(x: Tensor, layer: int, block: int, part: str, stride: int = 1) -> Tensor:
        weight = state[f"{name(layer, block, part)}.weight"]
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
        return norm(state, x, name(layer, block, f"{part} norm"))

    x = conv(x, 0, 0, "first", 2).relu()
    x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2)  # even sizes: ceil mode
    for layer, count in enumerate(blocks, start=1):
        for block in range(count):
            stride = 2 if layer > 1 and block == 0 else 1
            y = conv(x, layer, block, "reduce", stride).relu()
            y = conv(y, layer, block, "middle").relu()
            y = conv(y, layer, block, "increase")
            x = (y + (x if block else conv(x, layer, block, "shortcut", stride))).relu()
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def torchvision_name(layer: int, block: int, part: str) -> str:
    """As in resnet50_ft_weight.pkl."""
    part, _, normed = part.partition(" ")
    if part == "first":
        return "bn1" if normed else "conv1"
    place = {"reduce": 1, "middle": 2, "increase": 3}
    step = (
        f"downsample.{int(bool(normed))}"
        if part == "shortcut"
        else f"{'bn' if normed else 'conv'}{place[part]}"
    )
    return f"layer{layer}.{block}.{step}"


def dag_name(layer: int, block: int, part: str) -> str:
    """As in resnet50_ft_dag.pth."""
    part, _, normed = part.partition(" ")
    step = {"reduce": "1x1_reduce", "middle": "3x3", "increase": "1x1_increase", "shortcut": "1x1_proj"}
    first = "conv1_7x7_s2" if part == "first" else f"conv{layer + 1}_{block + 1}_{step[part]}"
    return f"{first}_bn" if normed else first
