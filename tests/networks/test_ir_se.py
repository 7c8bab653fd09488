from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.networks.ir_se import ir_se
from tests.networks.tensors import shapes

BODY = (3, 4, 14, 3)


def published() -> dict[str, str]:
    """Names and shapes of model_ir_se50.pth, spelt out."""

    def norm(name: str, count: int) -> dict[str, str]:
        kinds = ("weight", "bias", "running_mean", "running_var")
        return {f"{name}.{kind}": str(count) for kind in kinds} | {f"{name}.num_batches_tracked": "scalar"}

    found = {"input_layer.0.weight": "64x3x3x3", **norm("input_layer.1", 64), "input_layer.2.weight": "64"}
    inputs, index = 64, 0
    for channels, units in zip((64, 128, 256, 512), BODY, strict=True):
        for _ in range(units):
            name = f"body.{index}.res_layer"
            found |= norm(f"{name}.0", inputs) | norm(f"{name}.4", channels)
            found[f"{name}.1.weight"] = f"{channels}x{inputs}x3x3"
            found[f"{name}.2.weight"] = f"{channels}"
            found[f"{name}.3.weight"] = f"{channels}x{channels}x3x3"
            found[f"{name}.5.fc1.weight"] = f"{channels // 16}x{channels}x1x1"
            found[f"{name}.5.fc2.weight"] = f"{channels}x{channels // 16}x1x1"
            if inputs != channels:
                found[f"body.{index}.shortcut_layer.0.weight"] = f"{channels}x{inputs}x1x1"
                found |= norm(f"body.{index}.shortcut_layer.1", channels)
            inputs, index = channels, index + 1
    found |= norm("output_layer.0", 512) | norm("output_layer.4", 512)
    return found | {"output_layer.3.weight": "512x25088", "output_layer.3.bias": "512"}


def test_tensors_are_the_published_ones() -> None:
    with torch.device("meta"):
        found = shapes(ir_se(50))
    assert len(found) == 397
    assert found == published()


def functional(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The published forward pass up to its last batch norm, from the tensors alone."""

    def norm(x: Tensor, name: str) -> Tensor:
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], eps=1e-5)

    x = norm(F.conv2d(x, state["input_layer.0.weight"], padding=1), "input_layer.1")
    x = F.prelu(x, state["input_layer.2.weight"])
    index = 0
    for units in BODY:
        for unit in range(units):
            name, stride = f"body.{index}", 1 if unit else 2
            y = F.conv2d(norm(x, f"{name}.res_layer.0"), state[f"{name}.res_layer.1.weight"], padding=1)
            y = F.prelu(y, state[f"{name}.res_layer.2.weight"])
            y = F.conv2d(y, state[f"{name}.res_layer.3.weight"], stride=stride, padding=1)
            y = norm(y, f"{name}.res_layer.4")
            squeezed = F.adaptive_avg_pool2d(y, 1)
            squeezed = F.conv2d(squeezed, state[f"{name}.res_layer.5.fc1.weight"]).clamp(min=0)
            y = y * F.conv2d(squeezed, state[f"{name}.res_layer.5.fc2.weight"]).sigmoid()
            if f"{name}.shortcut_layer.0.weight" in state:
                shortcut = F.conv2d(x, state[f"{name}.shortcut_layer.0.weight"], stride=stride)
                x = norm(shortcut, f"{name}.shortcut_layer.1")
            else:
                x = x[:, :, ::stride, ::stride]
            x, index = x + y, index + 1
    x = norm(x, "output_layer.0").flatten(1)
    return norm(F.linear(x, state["output_layer.3.weight"], state["output_layer.3.bias"]), "output_layer.4")


def test_forward_is_the_published_one() -> None:
    torch.manual_seed(0)
    network = ir_se(50, width=0.5, input_size=64).eval()
    for name, value in network.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            value.normal_(std=0.2)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(x), functional(network.state_dict(), x), rtol=1e-3, atol=1e-3)
