"""What a visual model starts with, and what it is built with afterwards: where its dropout is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from stages.finetune.model import Params, build, describe
from stages.networks.common.visual import VisualModel
from tests.world import build_world


@pytest.fixture(autouse=True, scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    return root


def started(world: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[VisualModel, VisualModel]:
    """The model as its training starts, and as its card builds it."""
    monkeypatch.chdir(world)
    values: dict[str, Any] = {
        "seed": 1, "threads": 1, "system": "x", "step": "visual", "tasks": ("AU",), "batch": 8, "epochs": 1, "lr": 0.01,
        "network": "plain", "backbone": Path("models/pretrain/tiny"), "sampling": "batch", "extra": False,
        "batches": 1, "dropout": 0.6,
    }  # fmt: skip
    params = Params(**(values | changes))
    card = describe(params)
    return build(card, params), build(card)


def dropouts(model: VisualModel) -> dict[str, float]:
    """Where a model drops, and how much."""
    return {name: m.p for name, m in model.named_modules() if isinstance(m, nn.Dropout) and m.p}


@pytest.mark.parametrize(
    ("at", "place"), [("backbone", "backbone.network.dropout"), ("heads", "heads.dropout")]
)
def test_dropout_is_where_it_is_asked_for(
    world: Path, monkeypatch: pytest.MonkeyPatch, at: str, place: str
) -> None:
    training, built = started(world, monkeypatch, dropout_at=at)
    assert dropouts(training) == {place: 0.6} and dropouts(built) == {}


def test_jins_release_drops_the_flattened_map_before_the_last_layer(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = started(world, monkeypatch, dropout_at="backbone")
    network = model.backbone.network.train()
    seen: list[torch.Tensor] = []
    network.get_submodule("fc").register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    size = model.backbone.front_end.size
    network(torch.randn(8, 3, size, size))
    assert float((seen[0] == 0).float().mean()) == pytest.approx(0.6, abs=0.02)
