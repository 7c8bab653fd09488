from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from stages.training.losses import (
    cross_entropy,
    focal,
    multi_label,
    one_hot_focal,
    smooth_labels,
    weighted_bce,
)
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


def both_losses(smoothed: str) -> float:
    torch.manual_seed(1)
    objectives = Objectives(unit_loss="both", label_smoothing=smoothed)  # type: ignore[arg-type]
    return float(objectives.losses()["AU"](LOGITS, TARGETS))


@pytest.mark.parametrize("smoothed", ["none", "bce", "multi_label"])
def test_soft_labels_go_to_the_loss_that_is_named(smoothed: str) -> None:
    torch.manual_seed(1)
    soft, known = smooth_labels(TARGETS), TARGETS >= 0

    def torchs(targets: torch.Tensor) -> float:
        return float(F.binary_cross_entropy_with_logits(LOGITS[known], targets[known].float()))

    hard = torchs(TARGETS)
    expected = 2 * hard if smoothed == "none" else hard + torchs(soft)
    assert both_losses(smoothed) == pytest.approx(expected)
    assert both_losses(smoothed) == both_losses(smoothed)


def test_jiangs_release_smooths_the_labels_of_cross_entropy_alone() -> None:
    """Its two losses of torch, weights and all, on labels without gaps."""
    bce, soft_margin = torch.tensor([1.0, 2, 1, 1, 1, 1, 1, 6, 6, 5, 1, 5]), torch.tensor([1.0, 2] * 6)
    hard = (TARGETS > 0).to(torch.int8)
    torch.manual_seed(1)
    soft = smooth_labels(hard)
    expected = F.binary_cross_entropy_with_logits(LOGITS, soft, pos_weight=bce, reduction="none").mean()
    expected += F.multilabel_soft_margin_loss(LOGITS, hard.float(), soft_margin)
    torch.manual_seed(1)
    objectives = Objectives(
        unit_loss="both",
        positive_weights=tuple(bce.tolist()),
        multi_label_weights=tuple(soft_margin.tolist()),
        label_smoothing="bce",
    )
    torch.testing.assert_close(objectives.units(LOGITS, hard), expected)


def test_weights_on_entries_count_for_negatives_too() -> None:
    """Jiang et al. 2022, eq. 2 as printed: w before both terms."""
    targets = TARGETS.roll(1, dims=1)  # the last AU is absent
    p, known, weights = LOGITS.double().sigmoid(), targets >= 0, torch.tensor(WEIGHTS)
    terms = weights * -torch.where(targets == 1, p.log(), (1 - p).log())
    printed = Objectives(positive_weights=WEIGHTS, weights_on="entries").units(LOGITS, targets)
    assert float(printed) == pytest.approx(float(terms[known].mean()), rel=1e-5)
    assert float(printed) > float(Objectives(positive_weights=WEIGHTS).units(LOGITS, targets)) + 0.1


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_focal_losss_reduction_is_chosen(reduction: str) -> None:
    found = Objectives(expression_loss="one_hot_focal", focal_reduction=reduction)  # type: ignore[arg-type]
    expected = one_hot_focal(LOGITS[:, :7], TARGETS[:, 0], reduction=reduction)  # type: ignore[arg-type]
    assert torch.equal(found.expressions(LOGITS[:, :7], TARGETS[:, 0]), expected)


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
