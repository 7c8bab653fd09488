"""Losses for incomplete labels: every one is divided by what is labelled, not by all entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

TaskLoss = Callable[[Tensor, Tensor], Tensor]
Terms = dict[str, Tensor]
Reduction = Literal["mean", "sum"]
EPS = 1e-6  # of 1 − p: its power below 1 has no slope at 0


def weighted_bce(logits: Tensor, targets: Tensor, positive_weights: Tensor | None = None) -> Tensor:
    """Binary cross-entropy with position weights (Jin et al. 2021, eq. 1).

    `logits` [..., K], `targets` [..., K] in {0, 1} or between (soft labels), negative where missing;
    `positive_weights` [K] multiply the term of the positives alone. Mean over the labelled entries; 0 without any.
    """
    known = targets >= 0
    target = targets.clamp(min=0).to(logits.dtype)
    return _mean_over(_cross_entropy(logits, target, positive_weights), known)


def multi_label(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Multi-label soft margin (Jiang et al. 2022, eq. 5): `weights` [K] count for positives and negatives.

    `logits` [..., K], `targets` [..., K] in {0, 1} or between, negative where missing. Mean over the labelled
    entries; 0 without any.
    """
    terms = _cross_entropy(logits, targets.clamp(min=0).to(logits.dtype))
    return _mean_over(terms if weights is None else terms * weights, targets >= 0)


def smooth_labels(targets: Tensor) -> Tensor:
    """Labels 0 to U(0, 0.05) and 1 to U(0.9, 1) (Jiang et al. 2022, 4.3; values: code), missing ones as -1.

    Drawn from torch's global generator, which `fit` seeds in every epoch.
    """
    drawn = torch.rand(targets.shape, device=targets.device)
    soft = torch.where(targets > 0, 0.9 + 0.1 * drawn, 0.05 * drawn)
    return torch.where(targets < 0, -1.0, soft)


def one_hot_focal(
    logits: Tensor,
    labels: Tensor,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Focal loss on one-hot classes (Lin et al. 2017, eq. 5 with sigmoids; Jin et al. 2021, eq. 2).

    `logits` [..., C], `labels` [...] integer, negative where missing. `reduction` of the terms of the C classes:
    "mean" (Jin's code: the loss is the mean over all N·C entries) or "sum". Mean over the labelled samples; 0
    if there are none.
    """
    known = labels >= 0
    one_hot = F.one_hot(labels.clamp(min=0).long(), logits.shape[-1]).to(logits.dtype)
    miss = torch.where(one_hot > 0, torch.sigmoid(-logits), torch.sigmoid(logits))  # 1 − p_t
    weight = torch.where(one_hot > 0, alpha, 1 - alpha)
    terms = weight * miss**gamma * _cross_entropy(logits, one_hot)
    return _mean_over(terms.mean(-1) if reduction == "mean" else terms.sum(-1), known)


def focal(logits: Tensor, labels: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss on the softmax of the true class (Lin et al. 2017, eq. 5; Thinh et al. 2021, eq. 1 and 2).

    `logits` [..., C], `labels` [...] integer, negative where missing. −α (1 − p)^γ log p, mean over the
    labelled samples; 0 if there are none. Thinh prints α = 2 and γ = 0.25, usual are 0.25 and 2.
    """
    log_p, known = _log_likelihood(logits, labels)
    return _mean_over(-alpha * (1 - log_p.exp()).clamp(min=EPS) ** gamma * log_p, known)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy, mean over the labelled samples.

    `logits` [..., C], `labels` [...] integer, negative where missing; 0 if none is labelled.
    """
    log_p, known = _log_likelihood(logits, labels)
    return _mean_over(-log_p, known)


def ccc_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """1 − concordance correlation coefficient, mean over the dimensions (Lin 1989).

    `outputs`, `targets` [..., D]; NaN where missing. Population moments over the labelled samples of each
    dimension; a dimension with fewer than two of them does not count; 0 if none counts.
    """
    pairs = zip(outputs.flatten(0, -2).unbind(-1), targets.flatten(0, -2).unbind(-1), strict=True)
    terms = [1 - ccc(x[~y.isnan()], y[~y.isnan()]) for x, y in pairs if int((~y.isnan()).sum()) > 1]
    return torch.stack(terms).mean() if terms else outputs.sum() * 0


def ccc(x: Tensor, y: Tensor, eps: float = 1e-8) -> Tensor:
    """Concordance correlation coefficient of two series [N]; near 0 where both are constant."""
    dx, dy = x - x.mean(), y - y.mean()
    covariance = (dx * dy).mean()
    spread = dx.square().mean() + dy.square().mean() + (x.mean() - y.mean()).square()
    return 2 * covariance / (spread + eps)


def joint(
    outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor], losses: Mapping[str, TaskLoss]
) -> Terms:
    """Each task's loss over what is labelled, and their sum, as `fit` wants it: "loss", then the tasks."""
    terms = {task: losses[task](outputs[task], target) for task, target in targets.items()}
    return {"loss": torch.stack(list(terms.values())).sum(), **terms}


def _cross_entropy(logits: Tensor, targets: Tensor, positive_weights: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of every entry."""
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=positive_weights, reduction="none")


def _log_likelihood(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability of the true class, and where it is known."""
    classes = labels.clamp(min=0).long().unsqueeze(-1)
    return F.log_softmax(logits, dim=-1).gather(-1, classes).squeeze(-1), labels >= 0


def _mean_over(terms: Tensor, known: Tensor) -> Tensor:
    return (terms * known).sum() / known.sum().clamp(min=1)
