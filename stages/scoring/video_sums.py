"""Sums over the frames of each video, from which every ABAW2 measure follows.

A video is tallied once; drawing videos, leaving one out or adding them up only weighs the tallies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import AU_LOGITS, EXPRESSION_LOGITS, EXPRESSIONS, MISSING, VA_NAMES
from stages.scoring.labelled import Criterion, Scored

Floats = NDArray[np.float64]


class Tallies(NamedTuple):
    """Sums over frames, of each video in its first axis or axes.

    units [..., 12, 5]: true and said, said only, true only, right, known; confusion [..., 7, 7]: true × said;
    moments [..., 2, 6]: n, Σx, Σy, Σx², Σy², Σxy of valence and arousal, x true and y said.
    """

    units: Floats
    confusion: Floats
    moments: Floats


def tally(scored: Scored, names: list[str]) -> Tallies:
    """Tallies of the named trials, one after the other in the first axis."""
    rows = scored.trials.reset_index(drop=True).groupby(scored.trials.to_numpy()).indices
    each = [_tally(scored, rows[name]) for name in names]
    return Tallies(*(np.stack(parts).astype(np.float64) for parts in zip(*each, strict=True)))


def _tally(scored: Scored, rows: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    predicted = scored.predicted.iloc[rows]
    units = _unit_sums(scored.units[rows], predicted[list(AU_LOGITS)].to_numpy())
    confusion = _confusion(scored.expressions[rows], predicted[list(EXPRESSION_LOGITS)].to_numpy())
    return units, confusion, _moments(scored.va[rows], predicted[list(VA_NAMES)].to_numpy())


def _unit_sums(truth: NDArray[np.integer], logits: Floats) -> Floats:
    known = (truth != MISSING) & ~np.isnan(logits)
    true, said = known & (truth == 1), known & (logits > 0)
    parts = (true & said, said & ~true, true & ~said, known & (true == said), known)
    return np.stack([part.sum(axis=0) for part in parts], axis=-1)


def _confusion(truth: NDArray[np.integer], logits: Floats) -> Floats:
    known = (truth != MISSING) & ~np.isnan(logits).all(axis=1)
    said = np.nan_to_num(logits[known], nan=-np.inf).argmax(axis=1)
    size = len(EXPRESSIONS)
    counts = np.bincount(truth[known].astype(int) * size + said, minlength=size**2)
    return counts.reshape(size, size).astype(np.float64)


def _moments(truth: Floats, said: Floats) -> Floats:
    known = ~(np.isnan(truth) | np.isnan(said))
    x, y = (np.where(known, part, 0).astype(np.float64) for part in (truth, said))
    return np.stack([part.sum(axis=0) for part in (known, x, y, x * x, y * y, x * y)], axis=-1)


def weigh(weights: NDArray[np.integer], tallies: Tallies) -> Tallies:
    """Weighted sums over videos: weights [draws, videos] → tallies with draws in the first axis."""
    return Tallies(*(np.tensordot(weights, part, axes=1) for part in tallies))


def official(tallies: Tallies) -> dict[str, Floats]:
    """The ABAW2 measures from sums, as `scoring.official` has them from frames."""
    return {
        "AU": _au(tallies.units),
        "EXPR": expression_scores(tallies.confusion, "score"),
        "VA": _mean(concordance(tallies.moments)),
    }


def unit_scores(tallies: Tallies, criterion: Criterion) -> Floats:
    """[..., units] from sums, as `scoring.unit_scores` has them from frames, in the order of its `UNITS`."""
    faces = expression_scores(tallies.confusion, criterion)[..., None]
    return np.concatenate([au_scores(tallies.units, criterion), faces, concordance(tallies.moments)], axis=-1)


def au_scores(sums: Floats, criterion: Criterion) -> Floats:
    """An AU's F1, or its share of the ABAW2 measure, from sums [..., 5]."""
    f1 = _f1(sums)
    return f1 if criterion == "f1" else 0.5 * f1 + 0.5 * _ratio(sums[..., 3], sums[..., 4])


def expression_scores(confusion: Floats, criterion: Criterion) -> Floats:
    """Macro F1, or the ABAW2 measure of expressions, from confusion [..., 7, 7]."""
    share = 0.0 if criterion == "f1" else 0.33
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    f1 = _ratio(2 * right, confusion.sum(axis=-1) + confusion.sum(axis=-2))
    accuracy = _ratio(right.sum(axis=-1), confusion.sum(axis=(-2, -1)))
    return (1 - share) * _mean(f1) + share * accuracy


def concordance(moments: Floats) -> Floats:
    """CCC from moments [..., 6]; NaN without frames."""
    n, x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    mean_x, mean_y = _ratio(x, n), _ratio(y, n)
    covariance = _ratio(xy, n) - mean_x * mean_y
    spread = _ratio(xx, n) - mean_x**2 + _ratio(yy, n) - mean_y**2 + (mean_x - mean_y) ** 2
    return np.where(n > 0, _ratio(2 * covariance, spread, empty=0.0), np.nan)


def _au(sums: Floats) -> Floats:
    right, known = sums[..., 3], sums[..., 4]
    return 0.5 * _mean(_f1(sums)) + 0.5 * _ratio(right.sum(axis=-1), known.sum(axis=-1))


def _f1(sums: Floats) -> Floats:
    hit, extra, missed, _, known = np.moveaxis(sums, -1, 0)
    return np.where(known > 0, _ratio(2 * hit, 2 * hit + extra + missed, empty=0.0), np.nan)


def _ratio(part: Floats, whole: Floats, empty: float = np.nan) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), empty), where=np.asarray(whole) > 0)


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))
