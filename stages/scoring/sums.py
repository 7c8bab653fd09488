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
    known = (truth != MISSING) & ~np.isnan(logits)
    true, said = known & (truth == 1), known & (logits > 0)
    parts = (true & said, said & ~true, true & ~said, known & (true == said), known)
    return np.stack([part.sum(axis=0) for part in parts], axis=-1).astype(np.float64)


def confusion(truth: Labels, logits: Floats) -> Sums:
    """[classes, classes], true × said, of labels [N] and logits [N, classes], of which the largest wins."""
    known = (truth != MISSING) & ~np.isnan(logits).all(axis=1)
    said = np.nan_to_num(logits[known], nan=-np.inf).argmax(axis=1)
    return pairs(truth[known].astype(np.intp), said, logits.shape[1])


def pairs(true: NDArray[np.intp], said: NDArray[np.intp], classes: int) -> Sums:
    """[classes, classes], true × said, of classes [N]."""
    counts = np.bincount(true * classes + said, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.float64)


def moments(truth: Floats, said: Floats) -> Sums:
    """[dimensions, 6] of values [N, dimensions]: n, Σx, Σy, Σx², Σy², Σxy; x true, y said, NaN missing."""
    known = ~(np.isnan(truth) | np.isnan(said))
    x, y = (np.where(known, part, 0).astype(np.float64) for part in (truth, said))
    return np.stack([part.sum(axis=0) for part in (known, x, y, x * x, y * y, x * y)], axis=-1)
