"""Which losses a system trains with, as its block of params.yaml says."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from stages.core.params import Strict
from stages.training import losses
from stages.training.losses import Reduction, TaskLoss

UnitLoss = Literal["bce", "multi_label", "both"]


class Objectives(Strict):
    """Loss of each task: of AUs `unit_loss`, of expressions `expression_loss`, of valence and arousal CCC.

    `positive_weights` of binary cross-entropy are on the terms of positives, or on those of all entries
    (`weights_on`). `label_smoothing`: which of the losses of AUs reads soft labels.
    """

    unit_loss: UnitLoss = "bce"
    positive_weights: tuple[float, ...] | None = None
    weights_on: Literal["positives", "entries"] = "positives"
    multi_label_weights: tuple[float, ...] | None = None
    label_smoothing: Literal["none"] | UnitLoss = "none"
    expression_loss: Literal["one_hot_focal", "focal", "cross_entropy"] = "cross_entropy"
    focal_alpha: float = 0.25
    focal_gamma: float = 2.0
    focal_reduction: Reduction = "mean"
    expression_weight: float = 1.0

    def losses(self) -> dict[str, TaskLoss]:
        """The loss of each task, `loss(output, target)`, over what is labelled."""
        return {"AU": self.units, "EXPR": self.expressions, "VA": losses.ccc_loss}

    def units(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Weighted BCE (Jin et al. 2021, eq. 1), multi-label loss (Jiang et al. 2022, eq. 5) or their sum."""
        terms = []
        if self.unit_loss != "multi_label":
            terms.append(self.cross_entropy(logits, self.smoothed(targets, "bce")))
        if self.unit_loss != "bce":
            weights = _like(logits, self.multi_label_weights)
            terms.append(losses.multi_label(logits, self.smoothed(targets, "multi_label"), weights))
        return torch.stack(terms).sum()

    def cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy: weights on positives (Jin et al. 2021, eq. 1) or all (Jiang et al. 2022, eq. 2)."""
        weights = _like(logits, self.positive_weights)
        if self.weights_on == "entries":
            return losses.multi_label(logits, targets, weights)
        return losses.weighted_bce(logits, targets, weights)

    def smoothed(self, targets: Tensor, loss: UnitLoss) -> Tensor:
        """Soft labels for the losses that read them, the hard ones for others."""
        return losses.smooth_labels(targets) if self.label_smoothing in (loss, "both") else targets

    def expressions(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Focal loss on one-hot classes (Jin et al. 2021, eq. 2) or on the true class (Thinh et al. 2021, eq.
        1 and 2), or cross-entropy."""
        if self.expression_loss == "one_hot_focal":
            loss = losses.one_hot_focal(
                logits, labels, self.focal_alpha, self.focal_gamma, self.focal_reduction
            )
        elif self.expression_loss == "focal":
            loss = losses.focal(logits, labels, self.focal_alpha, self.focal_gamma)
        else:
            loss = losses.cross_entropy(logits, labels)
        return self.expression_weight * loss


def _like(logits: Tensor, weights: tuple[float, ...] | None) -> Tensor | None:
    return None if weights is None else torch.tensor(weights).to(logits)
