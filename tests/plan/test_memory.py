"""What a step takes: by hand for layers that one can count, and the figures measured of the published networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from stages.clips.mean_teacher import MeanTeacher
from stages.networks.common.architecture import Architecture
from stages.networks.pyramid import neck
from stages.plan.memory import Memory, memory_of
from stages.plan.outline import Outline
from stages.training.recipe import Recipe


def outline(model: nn.Module, *shape: int, **changes: Any) -> Outline:
    values: dict[str, Any] = {"seed": 1, "threads": 1, "epochs": 1, "batch": 4, "lr": 0.1}
    return Outline(model, lambda n: (torch.empty(n, *shape),), "images", Recipe(**values | changes), None)


def layers() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2, bias=False))


def test_layers_counted_by_hand() -> None:
    """30 weights, kept of a sample: 3 inputs and 5 activations; two products of 2 operations a weight."""
    with torch.device("meta"):
        memory = memory_of(outline(layers(), 3))
    assert memory.parameters == 30
    assert memory.network == 4 * 30 * 3  # weights, gradients, momentum
    assert (memory.activations, memory.inputs, memory.outputs) == (4 * 8, 4 * 3, 4 * 2)
    assert memory.flops == 2 * 25


@pytest.mark.parametrize(("changes", "copies"), [({"optimizer": "adam"}, 4), ({"momentum": 0.0}, 2)])
def test_what_an_optimizer_remembers(changes: dict[str, Any], copies: int) -> None:
    with torch.device("meta"):
        assert memory_of(outline(layers(), 3, **changes)).network == 4 * 30 * copies


def test_a_teacher_has_weights_alone() -> None:
    class Heard(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers()

        def forward(self, clips: torch.Tensor, mel: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"AU": self.layers(clips) + mel}

    with torch.device("meta"):
        found = outline(MeanTeacher(Heard(), 0.9))
        inputs = lambda n: (torch.empty(n, 3), torch.empty(n, 3), torch.empty(n, 2))  # noqa: E731
        memory = memory_of(found._replace(inputs=inputs))
    assert memory.network == 4 * 30 * 4 + 8  # once more the weights, and a counter
    assert memory.activations == 4 * 8


@pytest.mark.parametrize(("necked", "megabytes"), [(False, 112.0), (True, 123.5)])
def test_activations_measured_of_published_networks(necked: bool, megabytes: float) -> None:
    """IResNet100, and Jiang's on it: 112 MB and 123.5 MB an image at 112×112, seen on a CPU."""
    with torch.device("meta"):
        body = Architecture("iresnet", 100).build()
        memory = memory_of(outline(neck(body, True, True, True) if necked else body, 3, 112, 112))
    assert memory.activations / 1e6 == pytest.approx(megabytes, rel=0.005)


@pytest.mark.parametrize(
    ("batch", "room", "count"),
    [(64, 1e4, 64), (64, 5000, 19), (64, 3045, 2), (64, 3035, 0), (4, 1300, 0), (1, 1400, 1)],
)
def test_what_fits(batch: int, room: float, count: int) -> None:
    """Of a room, nine tenths: 1000 bytes of network, 24 of each sample of the batch, 100 of one at a time."""
    memory = Memory(10, 1000, 100.0, 12.0, 4.0, 1.0)
    assert memory.step(64, 64) == 1000 + 64 * 24 + 64 * 100
    assert memory.fits(batch, room) == count
    if 0 < count < batch:
        assert memory.step(batch, count) <= 0.9 * room < memory.step(batch, count + 1)
