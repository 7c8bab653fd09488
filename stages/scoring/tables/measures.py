"""Official measures of the ABAW challenges, from arrays of frames or from sums over frames (see `sums`).

ABAW2 (2021): AU = 0.5 · mean F1 + 0.5 · accuracy over all labelled AU decisions; EXPR = 0.67 · macro F1
+ 0.33 · accuracy; VA = mean CCC (Kollias and Zafeiriou, "Analysing affective behavior in the second ABAW2
competition"; Jin et al. 2021, 4.3). ABAW3 (2022): mean F1, macro F1 and mean CCC alone.

What is absent: an AU without a positive in truth and prediction has F1 0 and counts in the mean; an
expression absent from both is left out of the mean. Both are the defaults of scikit-learn's `f1_score`
(zero_division 0; macro average over the labels that occur), which the challenge's entries call. A measure
without labels is NaN.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.scoring.tables.sums import Floats, Labels, Sums, confusion, unit_sums

Criterion = Literal["score", "f1"]  # what is maximised: the ABAW2 measure, or F1 alone; VA: CCC under both
NAN = float("nan")
SPREAD = 1e-12  # least sum of two variances that is told from the rounding of sums


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
    sums = unit_sums(truth, logits)
    known = (truth >= 0) & ~np.isnan(logits)
    return AUScore(
        f1=float(au_measure(sums, "f1")),
        accuracy=float(_decisions(sums)),
        score=float(au_measure(sums, "score")),
        unit_f1=unit_f1(sums),
        unit_accuracy=unit_accuracy(sums),
        unit_auc=np.array([auc(y[k] == 1, x[k]) for y, x, k in zip(truth.T, logits.T, known.T, strict=True)]),
    )


def expressions(truth: Labels, logits: Floats) -> ExpressionScore:
    """Measures of expression logits [N, classes] (the largest wins) against labels [N] (−1 missing)."""
    counts = confusion(truth, logits)
    return ExpressionScore(
        f1=float(expression_measure(counts, "f1")),
        accuracy=float(_agreement(counts)),
        score=float(expression_measure(counts, "score")),
        class_f1=class_f1(counts),
    )


def ccc(truth: Floats, predicted: Floats) -> float:
    """Concordance correlation over the frames [N] where both are known; 0 where neither varies.

    Variances over N, all videos' frames in one row. From frames it is exact where a series hardly varies.
    """
    known = ~(np.isnan(truth) | np.isnan(predicted))
    if not known.any():
        return NAN
    x, y = truth[known].astype(np.float64), predicted[known].astype(np.float64)
    x, y = x - x[0], y - x[0]  # shifts both alike: what is constant is exactly so
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    return float(_ccc(covariance, x.var() + y.var(), x.mean() - y.mean()))


def auc(truth: NDArray[np.bool_], scores: Floats) -> float:
    """Area under the ROC curve [N], ties counted half; NaN where only one class occurs."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # tied scores share their mean rank
    return float(ratio(ranks[truth].sum() - positives * (positives + 1) / 2, positives * negatives))


def au_measure(sums: Sums, criterion: Criterion) -> Sums:
    """Mean F1, or the ABAW2 measure, of all units together, from [..., units, 5]."""
    return _au(means(unit_f1(sums)), _decisions(sums), criterion)


def unit_measures(sums: Sums, criterion: Criterion) -> Sums:
    """Each unit's F1, or its share of the ABAW2 measure, from [..., 5]."""
    return _au(unit_f1(sums), unit_accuracy(sums), criterion)


def expression_measure(confusions: Sums, criterion: Criterion) -> Sums:
    """Macro F1, or the ABAW2 measure of expressions, from [..., classes, classes]."""
    f1 = means(class_f1(confusions))
    return f1 if criterion == "f1" else 0.67 * f1 + 0.33 * _agreement(confusions)


def unit_f1(sums: Sums) -> Sums:
    """F1 from [..., 5]: 0 without a positive in truth and prediction, NaN without labels."""
    hit, extra, missed, _, known = np.moveaxis(sums, -1, 0)
    return np.where(known > 0, ratio(2 * hit, 2 * hit + extra + missed, empty=0.0), NAN)


def unit_accuracy(sums: Sums) -> Sums:
    """Share of right decisions from [..., 5]."""
    return ratio(sums[..., 3], sums[..., 4])


def class_f1(confusions: Sums) -> Sums:
    """F1 of each class from [..., classes, classes]; NaN for one absent from truth and prediction."""
    right = np.diagonal(confusions, axis1=-2, axis2=-1)
    return ratio(2 * right, confusions.sum(axis=-1) + confusions.sum(axis=-2))


def concordance(moments: Sums) -> Sums:
    """CCC from [..., 6]; NaN without frames."""
    n, x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    mean_x, mean_y = ratio(x, n), ratio(y, n)
    variances = ratio(xx, n) - mean_x**2 + ratio(yy, n) - mean_y**2
    return np.where(n > 0, _ccc(ratio(xy, n) - mean_x * mean_y, variances, mean_x - mean_y), NAN)


def mean(values: Floats) -> float:
    """Mean of the known values, NaN where none is."""
    return float(means(values))


def means(values: Floats) -> Sums:
    """Mean over the last axis of the known values, NaN where none is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def ratio(part: Any, whole: Any, empty: float = NAN) -> Sums:
    """part / whole, `empty` where whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), empty), where=np.asarray(whole) > 0)


def _au(f1: Sums, accuracy: Sums, criterion: Criterion) -> Sums:
    return f1 if criterion == "f1" else 0.5 * f1 + 0.5 * accuracy


def _decisions(sums: Sums) -> Sums:
    """Accuracy over all units' decisions."""
    return ratio(sums[..., 3].sum(axis=-1), sums[..., 4].sum(axis=-1))


def _agreement(confusions: Sums) -> Sums:
    """Accuracy over all classes."""
    right = np.diagonal(confusions, axis1=-2, axis2=-1).sum(axis=-1)
    return ratio(right, confusions.sum(axis=(-2, -1)))


def _ccc(covariance: Any, variances: Any, apart: Any) -> Sums:
    """2·cov / (var + var + (mean − mean)²) (Lin 1989); 0 where nothing varies: then cov is rounding alone."""
    return np.where(variances < SPREAD, 0.0, ratio(2 * covariance, variances + apart**2, empty=0.0))
