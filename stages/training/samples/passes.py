"""Shuffled passes over samples: the one way in which training comes by an order.

Every pass is a pure function of its seed, a sequence of numbers such as (seed, epoch, place, lap).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from stages.training.samples.faces import Rows


def shuffled(rows: Rows, seed: Sequence[int]) -> Rows:
    """The rows in another order."""
    return np.random.default_rng(list(seed)).permutation(rows)


def passes(rows: Rows, seed: Sequence[int]) -> Iterator[Rows]:
    """Pass after pass over the rows without end, each shuffled anew."""
    return (shuffled(rows, [*seed, lap]) for lap in count())


def full_batches(order: Rows, batch: int) -> Iterator[Rows]:
    """One pass cut into batches of `batch` rows.

    The rest is left out (batch norm cannot train on one sample) unless there is nothing else.
    """
    size = max(1, min(batch, len(order)))
    return (order[start : start + size] for start in range(0, len(order) - size + 1, size))


def endless_batches(rows: Rows, batch: int, seed: Sequence[int]) -> Iterator[Rows]:
    """Full batches of pass after pass over the rows, without end."""
    return (chosen for order in passes(rows, seed) for chosen in full_batches(order, batch))


def in_order(count: int, batch: int) -> Iterator[Rows]:
    """All of `count` rows in their order, in batches of `batch`; the last one may be smaller."""
    return (np.arange(start, min(start + batch, count)) for start in range(0, count, batch))
