"""A system may want images of another size than its backbone was published for (Thinh et al. 2021, 2.1: 112)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.finetune.model import Params, build, describe
from stages.networks.common.architecture import Architecture
from tests.cards import backbone_card
from tests.world import build_world

RESNET = Architecture(kind="vggface2", depth=50, width=0.25, form="dag")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    save_model(root / "models/pretrain/resnet", RESNET.build().network.state_dict(), backbone_card(RESNET))
    return root


@pytest.fixture(autouse=True)
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)


def settings(**changes: Any) -> Params:
    values: dict[str, Any] = {
        "seed": 1, "threads": 1, "system": "x", "step": "visual", "tasks": ("AU",), "batch": 8, "epochs": 1, "lr": 0.01,
        "network": "plain", "backbone": Path("models/pretrain/resnet"), "sampling": "batch", "extra": False,
        "batches": 1,
    }  # fmt: skip
    return Params(**(values | changes))


@pytest.mark.parametrize(("asked", "size"), [(None, 224), (112, 112)])
def test_faces_come_in_the_size_that_is_asked_for(asked: int | None, size: int) -> None:
    params = settings(input_size=asked)
    card = describe(params)
    face = torch.zeros(1, 112, 112, 3, dtype=torch.uint8)
    for model in (build(card, params), build(card)):
        front_end = model.backbone.front_end
        assert front_end.prepare(face).shape == (1, 3, size, size)
        assert (front_end.order, front_end.mean) == ("RGB", (131.0912, 103.8827, 91.4953))


def test_a_network_whose_weights_fit_one_size_is_refused_at_another() -> None:
    params = settings(backbone=Path("models/pretrain/tiny"), input_size=64)
    with pytest.raises(UserError, match=r"tiny/model\.safetensors: .*of another shape \(fc\.weight\)"):
        build(describe(params), params)
