from __future__ import annotations

from math import cos, pi
from typing import Any

import pytest
from torch import nn
from torch.optim import SGD, Adam

from stages.training.recipe import Recipe

PUBLISHED: dict[str, Any] = {
    "lr": 0.001, "batch": 64, "momentum": 0.9, "weight_decay": 5e-4, "epochs": 15, "milestones": (8, 10, 12),
    "seed": 1, "threads": 1,
}  # fmt: skip


class Small(nn.Module):
    """A backbone and its heads."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.heads = nn.Linear(2, 2)


def rates(group: int = 0, **changes: Any) -> list[float]:
    """Learning rate of each epoch: of the backbone (group 0) or of the heads (1)."""
    recipe = Recipe(**PUBLISHED | changes)
    optimizer, scheduler = recipe.build(Small())
    seen = []
    for _ in range(recipe.epochs):
        seen.append(optimizer.param_groups[group]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def test_published_schedule() -> None:
    expected = [1e-3] * 8 + [1e-4] * 2 + [1e-5] * 2 + [1e-6] * 3
    assert rates() == pytest.approx(expected)


def test_cosine_falls_from_the_rate_to_zero() -> None:
    expected = [0.001 * (1 + cos(pi * epoch / 4)) / 2 for epoch in range(4)]
    assert rates(schedule="cosine", epochs=4) == pytest.approx(expected)


def test_polynomial_falls_with_the_square_of_what_is_left() -> None:
    expected = [0.001 * (1 - epoch / 4) ** 2 for epoch in range(4)]
    assert rates(schedule="polynomial", epochs=4) == pytest.approx(expected)


def test_a_constant_rate_passes_by_the_milestones() -> None:
    assert rates(schedule="constant") == pytest.approx([1e-3] * 15)


def test_the_heads_have_the_rate_of_all_else_or_one_of_their_own() -> None:
    assert rates(1) == rates(0)
    assert rates(0, head_lr=0.5) == rates(0)
    assert rates(1, head_lr=0.5)[0] == 0.5


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("adam", Adam)])
def test_the_optimizer_is_the_one_named(name: str, kind: type) -> None:
    optimizer, _ = Recipe(**PUBLISHED, optimizer=name).build(Small())
    assert isinstance(optimizer, kind)
    assert {group["weight_decay"] for group in optimizer.param_groups} == {5e-4}
    assert name == "adam" or {group["momentum"] for group in optimizer.param_groups} == {0.9}


class Normed(Small):
    """With a batch norm, and an activation with parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.act = nn.PReLU()


def told(model: nn.Module, key: str, **changes: Any) -> dict[str, float]:
    """Rate or decay of each parameter, by its name."""
    optimizer, _ = Recipe(**PUBLISHED | changes).build(model)
    by_id = {id(p): group[key] for group in optimizer.param_groups for p in group["params"]}
    return {name: by_id[id(p)] for name, p in model.named_parameters()}


def test_batch_norms_decay_unless_they_are_spared() -> None:
    """As the release of Jin et al. 2021 parts them: weights and biases of batch norms apart from all else."""
    found = told(Normed(), "weight_decay", decay_norms=False)
    assert found == {name: 0.0 if name.startswith("norm.") else 5e-4 for name in found}
    assert set(told(Normed(), "lr", decay_norms=False).values()) == {1e-3}
    assert set(told(Normed(), "weight_decay").values()) == {5e-4}


def test_batch_norms_have_the_rate_of_all_else_or_one_of_their_own() -> None:
    found = told(Normed(), "lr", norm_lr=0.5, head_lr=0.25)
    rates = {"norm": 0.5, "heads": 0.25}
    assert found == {name: rates.get(name.split(".")[0], 1e-3) for name in found}
    assert set(told(Normed(), "weight_decay", norm_lr=0.5).values()) == {5e-4}
    assert set(told(Normed(), "lr").values()) == {1e-3}


def test_frozen_parameters_are_left_out() -> None:
    model = Small()
    model.backbone.weight.requires_grad_(False)
    optimizer, _ = Recipe(**PUBLISHED).build(model)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 2]
