from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from stages.training.samples.faces import Labels
from stages.training.samples.rotation import rotation
from stages.training.samples.sampling import Sampling, sampler, share, subsets

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


WORLDS = (1, 2, 4, 8)
SINGLES = Labels(  # 20 samples with each AU alone, 100 without any
    np.concatenate([np.repeat(np.eye(12, dtype=np.int8), 20, axis=0), np.zeros((100, 12), np.int8)]),
    np.arange(340).astype(np.int8) % 7,
    np.zeros((340, 2), np.float32),
)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("batch", [16, 32, 96, 256])
@pytest.mark.parametrize("without", [(), (7,)], ids=["all", "AU15 absent"])
def test_every_process_sees_every_action_unit_alike(world: int, batch: int, without: tuple[int, ...]) -> None:
    rows = np.flatnonzero(~SINGLES.au[:, list(without)].any(axis=1))
    chosen = sampler(SINGLES, {"AU": rows}, ("AU",), "balanced", batch=batch, steps=512, seed=1)(1)
    seen = np.zeros((world, 13))
    for turn, (_, drawn) in enumerate(chosen):
        for rank in range(world):
            own = SINGLES.au[share(drawn, rank, world, turn)]
            seen[rank] += [*own.sum(axis=0), (own.sum(axis=1) == 0).sum()]
    equal = seen.sum(axis=0) / world
    assert (equal[list(without)] == 0).all() and np.count_nonzero(equal) == 13 - len(without)
    assert np.abs(seen / np.maximum(equal, 1) - (equal > 0)).max() < 0.12


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("sampling", ["batch", "epoch", "subsets", "balanced"])
def test_processes_share_every_batch_without_rest(world: int, sampling: Sampling) -> None:
    rows = {task: np.arange(340) for task in ("AU", "EXPR")}
    for turn, (_, drawn) in enumerate(
        sampler(SINGLES, rows, ("AU", "EXPR"), sampling, batch=30, steps=9, seed=1)(1)
    ):
        parts = [share(drawn, rank, world, turn) for rank in range(world)]
        assert sorted(np.concatenate(parts).tolist()) == sorted(drawn.tolist())
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_one_process_takes_a_batch_as_it_is() -> None:
    assert all(share(np.array([5, 3, 9]), 0, 1, turn).tolist() == [5, 3, 9] for turn in range(4))
