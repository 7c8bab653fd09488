"""Rotation over tasks whose labels are incomplete (Jin et al. 2021, 3.1): which rows for which head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Literal

import numpy as np

Alternation = Literal["epoch", "batch"]
Turn = tuple[str, np.ndarray]  # a task and the rows of its batch


def rotation(
    rows: Mapping[str, np.ndarray],
    alternation: Alternation,
    batch: int,
    seed: int,
    epoch: int,
    steps: int | None = None,
) -> Iterator[Turn]:
    """Yield (task, rows of a batch) of one epoch (counted from 1); a pure function of its arguments.

    `rows[task]` are the samples labelled for the task, in the order of rotation.
    "epoch": the whole epoch is one task's, the next epoch the next task's.
    "batch": each batch is the next task's; the epoch ends when the largest task has been seen once, smaller
    ones start again, shuffled anew. `steps` bounds the number of batches.
    """
    tasks = [task for task in rows if len(rows[task])]
    if alternation == "epoch":
        tasks = [tasks[(epoch - 1) % len(tasks)]]
    longest = max(_batches(len(rows[task]), batch) for task in tasks)
    streams = {task: _stream(rows[task], batch, [seed, epoch, turn]) for turn, task in enumerate(tasks)}
    turns = ((task, next(streams[task])) for _ in range(longest) for task in tasks)
    return islice(turns, steps)


def _stream(rows: np.ndarray, batch: int, seed: Sequence[int]) -> Iterator[np.ndarray]:
    """Full batches without end; every pass over the rows is shuffled with its own seed."""
    for lap in count():
        order = np.random.default_rng([*seed, lap]).permutation(rows)
        # The rest of a pass is left out (batch norm cannot train on one sample) unless there is nothing else.
        size = min(batch, len(rows))
        yield from (order[start : start + size] for start in range(0, len(rows) - size + 1, size))


def _batches(rows: int, batch: int) -> int:
    return max(1, rows // batch)
