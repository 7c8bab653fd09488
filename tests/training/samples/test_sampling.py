from __future__ import annotations

from collections import Counter

import numpy as np

from stages.training.samples.faces import Labels
from stages.training.samples.rotation import rotation
from stages.training.samples.sampling import sampler, subsets

LABELS = Labels(
    np.where(np.arange(40)[:, None] < 24, (np.arange(40)[:, None] + np.arange(12)) % 4 == 0, -1).astype(
        np.int8
    ),
    np.where(np.arange(40) >= 12, np.arange(40) % 7, -1).astype(np.int8),
    np.full((40, 2), np.nan, np.float32),
)
ROWS = {task: np.flatnonzero(LABELS.known(task)) for task in ("AU", "EXPR")}  # 24 and 28, 12 with both


def test_subsets_come_in_the_order_of_the_algorithm_each_sample_once() -> None:
    draws = list(subsets(ROWS, 4, seed=1, epoch=1))
    assert [tasks for tasks, _ in draws] == [("EXPR",)] * 7 + [("AU",)] * 6 + [("EXPR", "AU")] * 3
    for tasks, expected in (
        (("EXPR",), ROWS["EXPR"]),
        (("AU",), ROWS["AU"]),
        (("EXPR", "AU"), np.arange(12, 24)),
    ):
        seen = np.concatenate([rows for own, rows in draws if own == tasks])
        assert sorted(seen.tolist()) == expected.tolist()


def test_steps_shorten_the_subsets_in_proportion() -> None:
    draws = list(subsets(ROWS, 4, seed=1, epoch=1, steps=8))
    assert Counter(tasks for tasks, _ in draws) == {("EXPR",): 4, ("AU",): 3, ("EXPR", "AU"): 2}


def test_an_empty_subset_is_passed_over() -> None:
    rows = {"EXPR": np.arange(8), "AU": np.arange(8, 16)}
    assert Counter(tasks for tasks, _ in subsets(rows, 4, 1, 1)) == {("EXPR",): 2, ("AU",): 2}


def test_taking_turns_is_the_rotation() -> None:
    draws = sampler(LABELS, ROWS, ("AU", "EXPR"), "batch", batch=4, steps=5, seed=3)
    turns = rotation(ROWS, ("AU", "EXPR"), "batch", 4, 3, 2, 5)
    for (tasks, rows), (task, expected) in zip(draws(2), turns, strict=True):
        assert tasks == (task,) and rows.tolist() == expected.tolist()


def test_balanced_batches_hold_every_action_unit() -> None:
    draws = list(sampler(LABELS, ROWS, ("AU",), "balanced", batch=96, steps=2, seed=1)(1))
    assert [tasks for tasks, _ in draws] == [("AU",)] * 2
    for _, rows in draws:
        assert (LABELS.au[rows] == 1).any(axis=0).all() and (LABELS.au[rows] == 0).any(axis=0).all()


def test_an_epoch_is_a_pure_function_of_seed_and_epoch() -> None:
    def flat(seed: int, epoch: int) -> list[int]:
        return np.concatenate([rows for _, rows in subsets(ROWS, 4, seed, epoch)]).tolist()

    assert flat(1, 1) == flat(1, 1)
    assert flat(1, 1) != flat(1, 2) != flat(2, 1)
