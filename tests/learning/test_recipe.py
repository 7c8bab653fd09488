from __future__ import annotations

import pytest
from torch import nn

from stages.learning.schedule import Recipe

PUBLISHED = {
    "lr": 0.001, "momentum": 0.9, "weight_decay": 5e-4, "epochs": 15, "milestones": (8, 10, 12),
    "milestones_of": 15, "clip_norm": None, "lr_factor": 1.0, "head_lr_factor": 1.0,
}  # fmt: skip


class Small(nn.Module):
    """A backbone and its heads."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.heads = nn.Linear(2, 2)


def rates(group: int = 0, **changes: float) -> list[float]:
    """Learning rate of each epoch: of the backbone (group 0) or of the heads (1)."""
    optimizer, scheduler = Recipe.pick(PUBLISHED | changes | {"seed": 1}).build(Small())
    seen = []
    for _ in range(int(changes.get("epochs", 15))):
        seen.append(optimizer.param_groups[group]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def test_published_schedule() -> None:
    expected = [1e-3] * 8 + [1e-4] * 2 + [1e-5] * 2 + [1e-6] * 3
    assert rates() == pytest.approx(expected)


def test_fewer_epochs_keep_the_proportions() -> None:
    assert rates(epochs=8) == pytest.approx([1e-3] * 4 + [1e-4] + [1e-5] + [1e-6] * 2)


def test_factors_of_backbone_and_heads() -> None:
    factors = {"lr_factor": 20, "head_lr_factor": 4}
    assert rates(0, **factors)[0] == pytest.approx(0.02)
    assert rates(1, **factors)[0] == pytest.approx(0.004)


def test_frozen_parameters_are_left_out() -> None:
    model = Small()
    model.backbone.weight.requires_grad_(False)
    optimizer, _ = Recipe.pick(PUBLISHED).build(model)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 2]
