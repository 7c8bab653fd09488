from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from stages.training.fit import fit
from stages.training.recipe import Recipe
from stages.training.train import train

FABRIC = Fabric(accelerator="cpu", devices=1)


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "seed": 3, "threads": 1, "epochs": 2, "batch": 4, "lr": 0.1, "milestones": (1,),
        "clip_norm": 0.5, "weight_decay": 0.01,
    }  # fmt: skip
    return Recipe(**values | changes)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))


def loss(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    return {"loss": 10 * model(x).square().mean()}


def batches(epoch: int) -> list[Tensor]:
    return list(torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(epoch)))


def test_a_recipe_is_all_that_fit_asks_for(tmp_path: Path) -> None:
    """The same as by hand: optimizer, schedule, epochs, seed (of the dropout) and clipping."""
    one, other, said = network(), network(), recipe()
    history = train(
        one, loss, batches, said, state=tmp_path / "a", fabric=FABRIC, on_epoch=lambda n: {"score": n}
    )
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    expected = fit(
        other, loss, batches, optimizer=optimizer, epochs=2, seed=3, state=tmp_path / "b", fabric=FABRIC,
        scheduler=torch.optim.lr_scheduler.MultiStepLR(optimizer, [1]), on_epoch=lambda n: {"score": n},
        clip_norm=0.5,
    )  # fmt: skip
    assert history == expected
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, other.state_dict()[name], rtol=0, atol=0)


def test_what_follows_a_step_is_called_after_each(tmp_path: Path) -> None:
    model = network()
    first = model.state_dict()["0.weight"].clone()
    seen: list[Tensor] = []

    def note(*_: Any) -> None:
        seen.append(model.state_dict()["0.weight"].clone())

    train(
        model, loss, batches, recipe(epochs=1), state=tmp_path, fabric=FABRIC, on_epoch=lambda _: {},
        after_step=note,
    )  # fmt: skip
    assert len(seen) == 5 and not torch.equal(seen[0], first)
    assert torch.equal(seen[-1], model.state_dict()["0.weight"])
