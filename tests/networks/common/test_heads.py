from __future__ import annotations

import pytest
import torch

from stages.core.labels import AU_NAMES, EXPRESSIONS, TASKS, VA_NAMES
from stages.networks.common.backbones import build_backbone
from stages.networks.common.heads import OUTPUTS, Heads
from stages.networks.common.visual import VisualModel


def test_outputs_are_the_labels() -> None:
    assert tuple(OUTPUTS) == TASKS
    assert tuple(OUTPUTS.values()) == (len(AU_NAMES), len(EXPRESSIONS), len(VA_NAMES))


@pytest.mark.parametrize("tasks", [("AU",), ("AU", "EXPR"), TASKS])
def test_each_task_has_one_linear_layer(tasks: tuple[str, ...]) -> None:
    heads = Heads(8, tasks).eval()
    features = torch.randn(2, 5, 8)
    outputs = heads(features)
    assert tuple(outputs) == tasks
    for task in tasks:
        layer = heads.tasks[task]
        expected = features @ layer.weight.T + layer.bias
        torch.testing.assert_close(outputs[task], expected.tanh() if task == "VA" else expected)


def test_the_hidden_layer_is_shared() -> None:
    heads = Heads(8, ("AU", "EXPR"), hidden=5).eval()
    features = torch.randn(4, 8)
    layer = heads.hidden[0]
    hidden = (features @ layer.weight.T + layer.bias).clamp(min=0)
    for task, output in heads(features).items():
        own = heads.tasks[task]
        torch.testing.assert_close(output, hidden @ own.weight.T + own.bias)
    assert not any(name.startswith("hidden") for name in Heads(8, ("AU",)).state_dict())


def test_a_loss_on_one_task_leaves_the_other_head_without_gradients() -> None:
    model = VisualModel(build_backbone("iresnet", 18, 0.25, 32), Heads(512, ("AU", "EXPR"), 0.6))
    model(torch.randn(2, 3, 32, 32))["EXPR"].sum().backward()
    with_gradient = {name for name, tensor in model.named_parameters() if tensor.grad is not None}
    assert "heads.tasks.EXPR.weight" in with_gradient and "backbone.network.conv1.weight" in with_gradient
    assert not any(name.startswith("heads.tasks.AU") for name in with_gradient)
