from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from stages.training.fit import History, epoch_seed, fit


class Killed(Exception):
    """Stands for the end of the process."""


def batches(epoch: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(epoch)
    return [torch.randn(4, 3, generator=generator) for _ in range(5)]


def train(
    state: Path, epochs: int = 4, die_at: int | None = None, last: int | None = None
) -> tuple[dict[str, Tensor], History]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2])

    def score(epoch: int) -> dict[str, float]:
        assert not model.training and not torch.is_grad_enabled()
        if epoch == die_at:
            raise Killed
        return {"score": float(model(torch.ones(1, 3)))}

    def loss(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
        return {"loss": model(x).square().mean()}

    fabric = Fabric(accelerator="cpu", devices=1)
    history = fit(
        model, loss, batches, optimizer=optimizer, scheduler=scheduler, epochs=epochs, seed=1,
        state=state, fabric=fabric, on_epoch=score,
        stop=None if last is None else lambda history: len(history) >= last,
    )  # fmt: skip
    return model.state_dict(), history


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("die_at", [1, 2, 3, 4])
def test_killed_and_started_again_ends_in_the_same_bytes(tmp_path: Path, die_at: int) -> None:
    whole, history = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "killed", die_at=die_at)
    resumed, resumed_history = train(tmp_path / "killed")
    assert equal(whole, resumed)
    assert history == resumed_history


@pytest.mark.parametrize("die_at", [1, 2])
def test_training_that_stops_early_ends_in_the_same_bytes(tmp_path: Path, die_at: int) -> None:
    expected, history = train(tmp_path / "whole", epochs=2)
    with pytest.raises(Killed):
        train(tmp_path / "killed", last=2, die_at=die_at)
    for _ in range(2):  # killed while it published: it finds that it was done
        stopped, found = train(tmp_path / "killed", last=2)
        assert equal(stopped, expected) and found == history


def test_batches_are_closed_where_a_step_fails(tmp_path: Path) -> None:
    closed = []

    def batches(epoch: int) -> Iterator[Tensor]:
        try:
            yield from [torch.ones(1, 1)] * 3
        finally:
            closed.append(epoch)

    def loss(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
        raise Killed

    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(Killed):
        fit(
            model, loss, batches, optimizer=optimizer, epochs=1, seed=1, state=tmp_path,
            fabric=Fabric(accelerator="cpu", devices=1),
        )  # fmt: skip
    assert closed == [1]


def test_state_alone_is_enough_for_a_finished_run(tmp_path: Path) -> None:
    first, history = train(tmp_path)
    second, again = train(tmp_path)
    assert equal(first, second) and history == again


def test_history_has_a_row_an_epoch_and_the_schedule(tmp_path: Path) -> None:
    _, history = train(tmp_path)
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    assert [row["lr"] for row in history] == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_terms_are_averaged_over_the_batches_that_have_them(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)

    def loss(model: nn.Module, batch: tuple[str, float]) -> dict[str, Tensor]:
        name, value = batch
        return {"loss": model(torch.ones(1, 1)).sum() * 0 + value, name: torch.tensor(value)}

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(
        model, loss, lambda _: [("AU", 1.0), ("EXPR", 5.0), ("AU", 3.0)], optimizer=optimizer,
        epochs=1, seed=1, state=tmp_path, fabric=Fabric(accelerator="cpu", devices=1),
    )  # fmt: skip
    assert history[0]["loss"] == 3.0 and history[0]["AU"] == 2.0 and history[0]["EXPR"] == 5.0


def test_clip_norm_bounds_the_step(tmp_path: Path) -> None:
    model = nn.Linear(1, 1, bias=False)
    before = model.weight.detach().clone()
    fit(
        model, lambda m, x: {"loss": 1000 * m(x).sum()}, lambda _: [torch.ones(1, 1)],
        optimizer=torch.optim.SGD(model.parameters(), lr=1.0), epochs=1, seed=1, state=tmp_path,
        fabric=Fabric(accelerator="cpu", devices=1), clip_norm=0.5,
    )  # fmt: skip
    assert float((before - model.weight.detach()).abs()) == pytest.approx(0.5, rel=1e-4)


def test_epoch_seeds_differ() -> None:
    assert len({epoch_seed(seed, epoch) for seed in range(20) for epoch in range(20)}) == 400
