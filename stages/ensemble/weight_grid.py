"""Sums over each video's frames for many weightings at once: what `sums` makes of one prediction table.

Mixing and counting run on arrays, a video at a time: composing a table for each of hundreds of weightings of
Aff-Wild2's 2.8 million frames would take hours.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import EXPRESSIONS, MISSING
from stages.scoring.tables.sums import Labels, pairs

Floats = NDArray[np.float64]
CLASSES = len(EXPRESSIONS)


def simplex(members: int, step: float) -> Floats:
    """Weightings [options, members] on a grid of `step` over the simplex, and equal ones of every subset.

    Sorted by the number of members in use: of equal options the first leaves the fewest networks to run.
    """
    parts = max(1, round(1 / step))
    bars = combinations(range(parts + members - 1), members - 1)
    edges = [(-1, *places, parts + members - 1) for places in bars]
    grid = (np.diff(edges, axis=1) - 1)[::-1] / parts
    found = np.vstack([grid, _equal(members)])
    _, first = np.unique(found.round(9), axis=0, return_index=True)
    found = found[np.sort(first)]
    return found[np.argsort((found > 0).sum(axis=1), kind="stable")]


def _equal(members: int) -> Floats:
    """Equal weights of every subset [2^members − 1, members]."""
    subsets = np.array(list(product((0.0, 1.0), repeat=members)))[1:]
    return subsets / subsets.sum(axis=1, keepdims=True)


def unit_sums(truth: Labels, probabilities: Floats, weights: Floats) -> Floats:
    """Sums [options, 5] of one AU, as in `sums.unit_sums`.

    truth [N]; probabilities [members, N]; weights [options, members]. Positive above one half.
    """
    known = truth != MISSING
    true = (truth[known] == 1).astype(np.float64)
    said = (weights @ probabilities[:, known] > 0.5).astype(np.float64)
    hit, positives, count = said @ true, true.sum(), float(known.sum())
    extra, missed = said.sum(axis=1) - hit, positives - hit
    return np.stack([hit, extra, missed, count - extra - missed, np.full_like(hit, count)], axis=-1)


def moment_sums(truth: Floats, values: Floats, weights: Floats) -> Floats:
    """Moments [options, 6] of valence or arousal, as in `sums.moments`: quadratic in the weights.

    truth [N]; values [members, N]; weights [options, members].
    """
    known = ~np.isnan(truth)
    x, own = truth[known].astype(np.float64), values[:, known]
    n, ones = float(known.sum()), np.ones(len(weights))
    squares = ((weights @ (own @ own.T)) * weights).sum(axis=1)
    sums = (n * ones, x.sum() * ones, weights @ own.sum(axis=1), (x @ x) * ones, squares, weights @ (own @ x))
    return np.stack(sums, axis=-1)


def confusions(truth: Labels, probabilities: Floats, weights: Floats) -> Floats:
    """Confusion [options, 7, 7] of expressions mixed with the same weights for every class.

    truth [N]; probabilities [members, N, 7]; weights [options, members].
    """
    known = truth != MISSING
    own, true = probabilities[:, known], truth[known].astype(np.intp)
    return np.stack([pairs(true, np.tensordot(row, own, axes=1).argmax(axis=1), CLASSES) for row in weights])


def class_confusions(truth: Labels, mixed: Floats, label: int, column: Floats, weights: Floats) -> Floats:
    """Confusion [options, 7, 7] where one class takes other weights and the others stay as they are.

    truth [N]; mixed [N, 7] probabilities as they stand; column [members, N]: the members' probabilities of
    class `label`; weights [options, members]. Of equal probabilities the first class wins, as in argmax.
    """
    known = truth != MISSING
    true, rest = truth[known].astype(np.intp), mixed[known].copy()
    rest[:, label] = -1.0
    rival, height = rest.argmax(axis=1), rest.max(axis=1)
    own = weights @ column[:, known]
    wins = ((own > height) | ((own == height) & (label < rival))).astype(np.float32)
    kind = true * CLASSES + rival
    moved = wins @ np.eye(CLASSES**2, dtype=np.float32)[kind]
    moved = moved.astype(np.float64).reshape(-1, CLASSES, CLASSES)
    found = pairs(true, rival, CLASSES) - moved
    found[:, :, label] += moved.sum(axis=2)
    return found
