"""Which losses a system trains with, as its block of params.yaml says."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from stages.core.params import Strict
from stages.training import losses
from stages.training.losses import TaskLoss


class Objectives(Strict):
    """Loss of each task: of AUs `unit_loss`, of expressions `expression_loss`, of valence and arousal CCC."""

    unit_loss: Literal["bce", "multi_label", "both"] = "bce"
    positive_weights: tuple[float, ...] | None = None
    multi_label_weights: tuple[float, ...] | None = None
    label_smoothing: bool = False
    expression_loss: Literal["one_hot_focal", "focal", "cross_entropy"] = "cross_entropy"
    focal_alpha: float = 0.25
    focal_gamma: float = 2.0
    expression_weight: float = 1.0

    def losses(self) -> dict[str, TaskLoss]:
        """The loss of each task, `loss(output, target)`, over what is labelled."""
        return {"AU": self.units, "EXPR": self.expressions, "VA": losses.ccc_loss}

    def units(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Weighted BCE (Jin et al. 2021, eq. 1), multi-label loss (Jiang et al. 2022, eq. 5) or their sum."""
        targets = losses.smooth_labels(targets) if self.label_smoothing else targets
        terms = []
        if self.unit_loss != "multi_label":
            terms.append(losses.weighted_bce(logits, targets, _like(logits, self.positive_weights)))
        if self.unit_loss != "bce":
            terms.append(losses.multi_label(logits, targets, _like(logits, self.multi_label_weights)))
        return torch.stack(terms).sum()

    def expressions(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Focal loss on one-hot classes (Jin et al. 2021, eq. 2) or on the true class (Thinh et al. 2021, eq.
        1 and 2), or cross-entropy."""
        if self.expression_loss == "one_hot_focal":
            loss = losses.one_hot_focal(logits, labels, self.focal_alpha, self.focal_gamma)
        elif self.expression_loss == "focal":
            loss = losses.focal(logits, labels, self.focal_alpha, self.focal_gamma)
        else:
            loss = losses.cross_entropy(logits, labels)
        return self.expression_weight * loss


def _like(logits: Tensor, weights: tuple[float, ...] | None) -> Tensor | None:
    return None if weights is None else torch.tensor(weights).to(logits)
