"""Which samples train which heads, batch by batch: the ways of the papers, chosen by a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from stages.training.samples.balance import balanced
from stages.training.samples.faces import Labels, Rows
from stages.training.samples.passes import full_batches, shuffled
from stages.training.samples.rotation import rotation

GOLDEN = (5**0.5 - 1) / 2

Sampling = Literal["batch", "epoch", "subsets", "balanced"]
Draw = tuple[tuple[str, ...], Rows]  # the tasks of a batch and its samples
Draws = Callable[[int], Iterator[Draw]]  # of an epoch, counted from 1


def sampler(
    labels: Labels,
    rows: Mapping[str, Rows],
    order: Sequence[str],
    sampling: Sampling,
    *,
    batch: int,
    steps: int | None,
    seed: int,
) -> Draws:
    """Batches of an epoch (counted from 1), a pure function of `seed` and the epoch.

    "batch", "epoch": tasks take turns in `order` (Jin et al. 2021, 3.1; see `rotation`).
    "subsets": see `subsets`. "balanced": positives and negatives of all AUs in every batch (Jiang et al.
    2022, 3.1; see `balance`). `rows[task]` are the samples labelled for the task; `steps` bounds the batches.
    """

    def draws(epoch: int) -> Iterator[Draw]:
        if sampling == "subsets":
            return subsets(rows, batch, seed, epoch, steps)
        if sampling == "balanced":
            chosen = balanced(labels.au, rows["AU"], batch, steps, seed, epoch)
            return ((("AU",), samples) for samples in chosen)
        assert sampling in ("batch", "epoch")
        turns = rotation(rows, order, sampling, batch, seed, epoch, steps)
        return (((task,), samples) for task, samples in turns)

    return draws


def subsets(
    rows: Mapping[str, Rows], batch: int, seed: int, epoch: int, steps: int | None = None
) -> Iterator[Draw]:
    """Every epoch all samples with expressions, then all with AUs, then all with both (Thinh et al. 2021,
    Algorithm 1). `steps` shortens the three in proportion, to one batch each at least."""
    both = np.intersect1d(rows["EXPR"], rows["AU"])
    parts: list[tuple[tuple[str, ...], Rows]] = [
        (("EXPR",), rows["EXPR"]),
        (("AU",), rows["AU"]),
        (("EXPR", "AU"), both),
    ]
    parts = [(tasks, own) for tasks, own in parts if len(own)]
    counts = [max(1, len(own) // batch) for _, own in parts]
    kept = min(1.0, steps / sum(counts)) if steps else 1.0
    for place, ((tasks, own), count) in enumerate(zip(parts, counts, strict=True)):
        order = shuffled(own, [seed, epoch, place])
        for chosen in islice(full_batches(order, batch), max(1, round(count * kept))):
            yield tasks, chosen


def share(rows: Rows, rank: int, world: int, turn: int = 0) -> Rows:
    """The part of a batch that process `rank` of `world` trains on; together they have all of it.

    Parts are neighbours in the batch, and the processes change places from one `turn` (the batch's number in
    its epoch) to the next: where rows have fixed places, as in balanced batches, every process comes by all
    of them alike. They move by the golden ratio, which no period of a batch's places falls in step with.
    """
    moved = int(turn * GOLDEN % 1 * world)
    return np.array_split(rows, world)[(rank + moved) % world]
