from __future__ import annotations

import pytest
import torch

from stages.learning.schedule import Recipe

PUBLISHED = {
    "lr": 0.001, "momentum": 0.9, "weight_decay": 5e-4, "epochs": 15, "milestones": (8, 10, 12),
    "milestones_of": 15, "clip_norm": None, "lr_factor": 1.0,
}  # fmt: skip


def rates(**changes: float) -> list[float]:
    recipe = Recipe.pick(PUBLISHED | changes | {"seed": 1})
    optimizer, scheduler = recipe.build([torch.nn.Parameter(torch.ones(1))])
    seen = []
    for _ in range(int(changes.get("epochs", 15))):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def test_published_schedule() -> None:
    expected = [1e-3] * 8 + [1e-4] * 2 + [1e-5] * 2 + [1e-6] * 3
    assert rates() == pytest.approx(expected)


def test_fewer_epochs_keep_the_proportions() -> None:
    assert rates(epochs=8) == pytest.approx([1e-3] * 4 + [1e-4] + [1e-5] + [1e-6] * 2)


def test_factor() -> None:
    assert rates(lr_factor=20)[0] == pytest.approx(0.02)


def test_frozen_parameters_are_left_out() -> None:
    frozen = torch.nn.Parameter(torch.ones(1), requires_grad=False)
    optimizer, _ = Recipe.pick(PUBLISHED).build([frozen, torch.nn.Parameter(torch.ones(1))])
    assert len(optimizer.param_groups[0]["params"]) == 1
