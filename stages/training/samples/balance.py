"""Balanced samples of many labels at once: ML-ROS, and batches that hold every action unit.

Charte et al. 2015, "Addressing imbalance in multilabel classification: Measures and random resampling
algorithms", Neurocomputing 163 (ML-ROS); Jiang et al. 2022, 3.1 (both). At the counts of Jiang's Figure 2,
ML-ROS clones AU15, 23 and 24 alone; their 4.3 has AU2 and 26 as well, which are above the geometric mean of the
imbalance ratios, not above MeanIR. It also speaks of fewer samples of frequent units: nothing is thrown away
here, but in balanced batches a frequent unit has no more places than a rare one, so a smaller share of its
samples is seen in an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle, islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stages.training.samples.faces import Rows
from stages.training.samples.passes import passes

Limit = Literal["mean", "geometric"]
NEGATIVE_PLACES = 4  # of samples without any unit beside one of each unit: 12 · 6 and 24 in a batch of 96


def ml_ros(labels: NDArray[np.integer], share: float, seed: int, limit: Limit = "mean") -> Rows:
    """Rows of `labels` [N, K] (1 where positive) with clones of rare labels behind them (ML-ROS).

    Labels whose imbalance ratio IRLbl (most frequent label's count / its own) is above the mean MeanIR (Charte
    et al.), or the geometric mean, take turns: a random one of the samples with the label is cloned. A label
    leaves once its IRLbl has fallen to that `limit`; all stop when `share` times N samples are cloned. A label
    without positives does not count.
    """
    positive = np.asarray(labels) == 1
    counts = positive.sum(axis=0)
    most = mean_imbalance(counts, limit)
    bags = {k: np.flatnonzero(positive[:, k]) for k in rare(counts, limit)}
    clones: list[int] = []
    wanted, random = int(share * len(positive)), np.random.default_rng(seed)
    while bags and len(clones) < wanted:
        for label, bag in list(bags.items())[: wanted - len(clones)]:
            clones.append(int(random.choice(bag)))
            counts = counts + positive[clones[-1]]
            if _imbalance(counts)[label] <= most:
                del bags[label]
    return np.concatenate([np.arange(len(positive)), np.array(clones, np.int64)])


def rare(counts: Rows, limit: Limit = "mean") -> Rows:
    """The labels whose IRLbl is above the limit; `counts` [K] are their positives."""
    return np.flatnonzero(_imbalance(counts) > mean_imbalance(counts, limit))


def mean_imbalance(counts: Rows, limit: Limit = "mean") -> float:
    """MeanIR: mean of IRLbl, arithmetic or geometric, over the labels that occur."""
    ratios = _imbalance(counts)[counts > 0]
    if not len(ratios):
        return 0.0
    return float(ratios.mean() if limit == "mean" else np.exp(np.log(ratios).mean()))


def balanced(
    labels: NDArray[np.integer], rows: Rows, batch: int, steps: int | None, seed: int, epoch: int
) -> Iterator[Rows]:
    """Batches of an epoch (counted from 1) that hold positives and negatives of every label.

    `labels` [N, K] (1, 0, −1 missing), `rows` are the samples to draw from. Of 16 places in turn one is for a
    positive of each of 12 labels and four are for samples without any; a batch goes on where the last one
    stopped. Every label goes through its samples in an order of its own, shuffled anew in each pass. A label
    without positives has no place. Places come in a fixed order: see `sampling.share`. An epoch has `steps`
    batches, or as many as `rows` would fill.
    """
    own = labels[rows]
    without = (own == 0).any(axis=1) & ~(own == 1).any(axis=1)
    streams = [
        chain.from_iterable(passes(rows[mask], [seed, epoch, place]))
        for place, mask in enumerate((*(own == 1).T, without))
        if mask.any()
    ]
    extra = streams[-1:] * (NEGATIVE_PLACES - 1) if without.any() else []
    order = (next(stream) for stream in cycle([*streams, *extra]))
    for _ in range(steps or max(1, len(rows) // batch)):
        yield np.fromiter(islice(order, batch), np.int64, batch)


def _imbalance(counts: Rows) -> NDArray[np.floating]:
    """IRLbl of each label; those that do not occur have none (0)."""
    return np.where(counts > 0, counts.max(initial=0) / np.maximum(counts, 1), 0.0)
