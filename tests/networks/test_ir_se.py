from __future__ import annotations

import pytest
import torch

from stages.networks.ir_se import ir_se
from tests.networks import functional
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


@pytest.mark.parametrize(("depth", "body"), [(18, (2, 2, 2, 2)), (50, BODY)])
def test_forward_is_the_published_one(depth: int, body: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = ir_se(depth, width=0.5, input_size=64).eval()
    state = network.state_dict()
    functional.randomise(state)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(x), functional.ir_se(state, x, body), rtol=1e-3, atol=1e-3)
