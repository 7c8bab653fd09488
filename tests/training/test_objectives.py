from __future__ import annotations

import pytest
import torch

from stages.training.losses import cross_entropy, focal, multi_label, one_hot_focal, weighted_bce
from stages.training.objectives import Objectives

WEIGHTS = (1.0,) * 11 + (5.0,)
LOGITS = torch.randn(6, 12, generator=torch.Generator().manual_seed(0))
TARGETS = (torch.arange(72).reshape(6, 12) % 3 - 1).to(torch.int8)  # −1, 0, 1


def test_the_unit_losses_are_added_up() -> None:
    bce = Objectives(positive_weights=WEIGHTS).losses()["AU"](LOGITS, TARGETS)
    soft = Objectives(unit_loss="multi_label", multi_label_weights=WEIGHTS).losses()["AU"](LOGITS, TARGETS)
    both = Objectives(unit_loss="both", positive_weights=WEIGHTS, multi_label_weights=WEIGHTS)
    assert torch.allclose(bce, weighted_bce(LOGITS, TARGETS, torch.tensor(WEIGHTS)))
    assert torch.allclose(soft, multi_label(LOGITS, TARGETS, torch.tensor(WEIGHTS)))
    assert torch.allclose(both.losses()["AU"](LOGITS, TARGETS), bce + soft)


def test_smoothed_labels_differ_from_hard_ones_and_follow_the_seed() -> None:
    def loss(smooth: bool) -> float:
        torch.manual_seed(1)
        return float(Objectives(label_smoothing=smooth).losses()["AU"](LOGITS, TARGETS))

    assert loss(True) == loss(True) != loss(False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one_hot_focal", one_hot_focal(LOGITS[:, :7], TARGETS[:, 0], 2.0, 0.25)),
        ("focal", focal(LOGITS[:, :7], TARGETS[:, 0], 2.0, 0.25)),
        ("cross_entropy", cross_entropy(LOGITS[:, :7], TARGETS[:, 0])),
    ],
)
def test_the_expression_loss_is_chosen_and_weighed(name: str, expected: torch.Tensor) -> None:
    objectives = Objectives(
        expression_loss=name,  # type: ignore[arg-type]
        focal_alpha=2.0,
        focal_gamma=0.25,
        expression_weight=3.0,
    )
    assert torch.allclose(objectives.losses()["EXPR"](LOGITS[:, :7], TARGETS[:, 0]), 3 * expected)


def test_all_losses_reach_windows() -> None:
    losses = Objectives(positive_weights=WEIGHTS).losses()
    targets = {"AU": torch.zeros(2, 30, 12), "EXPR": torch.zeros(2, 30), "VA": torch.rand(2, 30, 2)}
    for task, outputs in (("AU", 12), ("EXPR", 7), ("VA", 2)):
        assert float(losses[task](torch.zeros(2, 30, outputs), targets[task])) > 0
