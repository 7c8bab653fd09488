"""Rotation over tasks whose labels are incomplete (Jin et al. 2021, 3.1): which rows for which head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from stages.training.samples.passes import endless_batches

Alternation = Literal["epoch", "batch"]
Turn = tuple[str, np.ndarray]  # a task and the rows of its batch


def rotation(
    rows: Mapping[str, np.ndarray],
    order: Sequence[str],
    alternation: Alternation,
    batch: int,
    seed: int,
    epoch: int,
    steps: int | None = None,
) -> Iterator[Turn]:
    """Yield (task, rows of a batch) of one epoch (counted from 1); a pure function of its arguments.

    `rows[task]` are the samples labelled for the task; `order` is that of rotation, where a task may stand
    more than once. "epoch": the whole epoch is one task's, the next epoch the next task's.
    "batch": each batch is the next task's; the epoch ends when the largest task has been seen once, smaller
    ones start again, shuffled anew. `steps` bounds the number of batches.
    """
    order = [task for task in order if len(rows[task])]
    if alternation == "epoch":
        order = [order[(epoch - 1) % len(order)]]
    rounds = max(-(-_batches(len(rows[task]), batch) // order.count(task)) for task in order)
    streams = {
        task: endless_batches(rows[task], batch, [seed, epoch, place]) for place, task in enumerate(order)
    }
    turns = ((task, next(streams[task])) for _ in range(rounds) for task in order)
    return islice(turns, steps)


def _batches(rows: int, batch: int) -> int:
    return max(1, rows // batch)
