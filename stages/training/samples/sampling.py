"""Which samples train which heads, batch by batch: the ways of the papers, chosen by a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from stages.training.samples.balance import balanced
from stages.training.samples.faces import Labels, Rows
from stages.training.samples.rotation import rotation

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
    share = min(1.0, steps / sum(counts)) if steps else 1.0
    for place, ((tasks, own), count) in enumerate(zip(parts, counts, strict=True)):
        order = np.random.default_rng([seed, epoch, place]).permutation(own)
        for start in range(max(1, round(count * share))):
            yield tasks, order[start * batch : (start + 1) * batch]
