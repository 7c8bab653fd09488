"""Official measures of the ABAW challenges, on arrays whose missing labels do not count.

ABAW2 (2021): AU = 0.5 · mean F1 + 0.5 · accuracy over all labelled AU decisions; EXPR = 0.67 · macro F1
+ 0.33 · accuracy; VA = mean CCC (Kollias and Zafeiriou, "Analysing affective behavior in the second ABAW2
competition"; Jin et al. 2021, 4.3). ABAW3 (2022): mean F1, macro F1 and mean CCC alone.

What is absent: an AU without a positive in truth and prediction has F1 0 and counts in the mean; an
expression absent from both is left out of the mean. Both are the defaults of scikit-learn's `f1_score`
(zero_division 0; macro average over the labels that occur), which the challenge's entries call. A measure
without labels is NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import MISSING

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]
NAN = float("nan")


class AUScore(NamedTuple):
    """Mean f1, accuracy over all decisions, ABAW2 `score`; `unit_*` [units], NaN where not labelled."""

    f1: float
    accuracy: float
    score: float
    unit_f1: Floats
    unit_accuracy: Floats
    unit_auc: Floats


class ExpressionScore(NamedTuple):
    """Macro f1, accuracy, ABAW2 `score`; class_f1 [classes] is NaN where absent from truth and prediction."""

    f1: float
    accuracy: float
    score: float
    class_f1: Floats


def action_units(truth: Labels, logits: Floats) -> AUScore:
    """Measures of AU logits [N, units] (positive above 0) against labels [N, units] (1, 0, −1 missing).

    A unit without logits (NaN) is not predicted by the system and counts as unlabelled.
    """
    known = (truth != MISSING) & ~np.isnan(logits)
    right = known & ((logits > 0) == (truth == 1))
    columns = [(truth[known[:, u], u] == 1, logits[known[:, u], u]) for u in range(truth.shape[1])]
    f1 = np.array([binary_f1(true, logit > 0) for true, logit in columns])
    accuracy = ratio(right.sum(), known.sum())
    mean_f1 = mean(f1)
    return AUScore(
        f1=mean_f1,
        accuracy=accuracy,
        score=0.5 * mean_f1 + 0.5 * accuracy,
        unit_f1=f1,
        unit_accuracy=np.array([ratio(r.sum(), k.sum()) for r, k in zip(right.T, known.T, strict=True)]),
        unit_auc=np.array([auc(true, logit) for true, logit in columns]),
    )


def expressions(truth: Labels, logits: Floats) -> ExpressionScore:
    """Measures of expression logits [N, classes] (the largest wins) against labels [N] (−1 missing)."""
    known = (truth != MISSING) & ~np.isnan(logits).all(axis=1)
    true, predicted = truth[known], np.nan_to_num(logits[known], nan=-np.inf).argmax(axis=1)
    classes = range(logits.shape[1])
    f1 = np.array([binary_f1(true == c, predicted == c, absent=NAN) for c in classes])
    macro, accuracy = mean(f1), ratio((true == predicted).sum(), len(true))
    return ExpressionScore(macro, accuracy, 0.67 * macro + 0.33 * accuracy, f1)


def ccc(truth: Floats, predicted: Floats) -> float:
    """Concordance correlation over the frames [N] where both are known; 0 where neither varies nor differs.

    2·cov / (var + var + (mean − mean)²) with variances over N, all videos' frames in one row.
    """
    known = ~(np.isnan(truth) | np.isnan(predicted))
    if not known.any():
        return NAN
    x, y = truth[known].astype(np.float64), predicted[known].astype(np.float64)
    spread = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    return ratio(2 * ((x - x.mean()) * (y - y.mean())).mean(), spread, empty=0.0)


def binary_f1(truth: NDArray[np.bool_], predicted: NDArray[np.bool_], absent: float = 0.0) -> float:
    """F1 of the positive class [N]; `absent` where neither holds a positive, NaN where N is 0."""
    if not len(truth):
        return NAN
    return ratio(2 * (truth & predicted).sum(), truth.sum() + predicted.sum(), empty=absent)


def auc(truth: NDArray[np.bool_], scores: Floats) -> float:
    """Area under the ROC curve [N], ties counted half; NaN where only one class occurs."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # tied scores share their mean rank
    return ratio(ranks[truth].sum() - positives * (positives + 1) / 2, positives * negatives)


def mean(values: Floats) -> float:
    """Mean of the known values, NaN where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def ratio(part: float, whole: float, empty: float = NAN) -> float:
    """part / whole, `empty` where whole is 0."""
    return float(part / whole) if whole else empty
