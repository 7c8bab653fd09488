"""Sums over frames, from which the measures follow (see `measures`); missing labels do not count.

Sums of two sets of frames add up to those of both: a video is summed once, then drawn, left out or weighed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import MISSING

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]
Sums = NDArray[np.float64]


def unit_sums(truth: Labels, logits: Floats) -> Sums:
    """[units, 5] of labels and logits [N, units]: true and said, said only, true only, right, known.

    Positive above 0; a unit without logits (NaN) is not predicted by the system and counts as unlabelled.
    """
    return unit_sums_of(truth, logits, np.zeros(len(truth), np.intp), 1)[0]


def unit_sums_of(truth: Labels, logits: Floats, group: NDArray[np.integer], groups: int) -> Sums:
    """As `unit_sums` for each of `groups` sets of frames, [groups, units, 5]; `group` [N] is a frame's own."""
    units = truth.shape[1]
    kind = np.where((truth == MISSING) | np.isnan(logits), 4, 2 * (truth == 1) + (logits > 0))
    cell = (group[:, None] * units + np.arange(units)) * 5 + kind
    counts = np.bincount(cell.ravel(), minlength=groups * units * 5).reshape(groups, units, 5)
    neither, extra, missed, hit, _ = np.moveaxis(counts, -1, 0)
    right = neither + hit
    return np.stack([hit, extra, missed, right, right + extra + missed], axis=-1).astype(np.float64)


def confusion(truth: Labels, logits: Floats) -> Sums:
    """[classes, classes], true × said, of labels [N] and logits [N, classes], of which the largest wins."""
    return confusion_of(truth, logits, np.zeros(len(truth), np.intp), 1)[0]


def confusion_of(truth: Labels, logits: Floats, group: NDArray[np.integer], groups: int) -> Sums:
    """As `confusion` for each of `groups` sets of frames, [groups, classes, classes]."""
    known, classes = (truth != MISSING) & ~np.isnan(logits).all(axis=1), logits.shape[1]
    said = np.nan_to_num(logits[known], nan=-np.inf).argmax(axis=1)
    cell = (group[known] * classes + truth[known]) * classes + said
    counts = np.bincount(cell, minlength=groups * classes**2)
    return counts.reshape(groups, classes, classes).astype(np.float64)


def pairs(true: NDArray[np.intp], said: NDArray[np.intp], classes: int) -> Sums:
    """[classes, classes], true × said, of classes [N]."""
    counts = np.bincount(true * classes + said, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.float64)


def moments(truth: Floats, said: Floats) -> Sums:
    """[dimensions, 6] of values [N, dimensions]: n, Σx, Σy, Σx², Σy², Σxy; x true, y said, NaN missing."""
    known = ~(np.isnan(truth) | np.isnan(said))
    x, y = (np.where(known, part, 0).astype(np.float64) for part in (truth, said))
    return np.stack([part.sum(axis=0) for part in (known, x, y, x * x, y * y, x * y)], axis=-1)
