from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice

import numpy as np
import pytest

from stages.training.samples.balance import balanced
from stages.training.samples.passes import endless_batches, full_batches, passes, shuffled
from stages.training.samples.rotation import rotation
from stages.training.samples.sampling import subsets

UNITS = np.concatenate([np.repeat(np.eye(12, dtype=np.int8), 5, axis=0), np.zeros((20, 12), np.int8)])
SUBSETS = {"EXPR": np.arange(12, 40), "AU": np.arange(24)}
TASKS = {"AU": np.arange(20), "EXPR": np.arange(100, 108), "VA": np.arange(5) * 3}


def digest(batches: Iterable[np.ndarray]) -> str:
    return sha256("\n".join(" ".join(map(str, rows.tolist())) for rows in batches).encode()).hexdigest()[:16]


def test_orders_are_those_of_the_models_trained_so_far() -> None:
    """Digests of what each sampler drew when it had its own way of shuffling."""
    turns = rotation(TASKS, ("AU", "EXPR", "AU", "VA"), "batch", 4, 1, 2)
    assert digest(rows for _, rows in turns) == "9835c681903d1263"
    assert digest(balanced(UNITS, np.arange(len(UNITS)), 32, 9, 1, 2)) == "a9a4b93c9e476305"
    assert digest(rows for _, rows in subsets(SUBSETS, 4, 1, 2)) == "a5c7dcf6e1dc8ec5"
    assert digest(islice(endless_batches(np.arange(20), 6, [1, 2]), 8)) == "518226814c8a72a7"
    assert digest(np.array_split(shuffled(np.arange(23), [1, 2]), 5)) == "025228ee2b277ca9"


@pytest.mark.parametrize(("samples", "batch", "steps"), [(20, 6, 3), (20, 6, 8), (4, 6, 2)])
def test_batches_are_full_and_repeat_nothing_until_a_pass_is_over(
    samples: int, batch: int, steps: int
) -> None:
    found = list(islice(endless_batches(np.arange(samples), batch, [1, 2]), steps))
    assert {len(chosen) for chosen in found} == {min(batch, samples)}
    a_pass = samples // min(batch, samples)
    for start in range(0, steps, a_pass):
        drawn = np.concatenate(found[start : start + a_pass])
        assert len(np.unique(drawn)) == len(drawn)


def test_every_pass_holds_every_row_in_an_order_of_its_own() -> None:
    rows = np.arange(50, 80)
    found = list(islice(passes(rows, [3]), 4))
    assert all(sorted(each.tolist()) == rows.tolist() for each in found)
    assert len({tuple(each.tolist()) for each in (rows, *found)}) == 5
    other = next(passes(rows, [4]))
    assert other.tolist() != found[0].tolist() and rows.tolist() == list(range(50, 80))


def test_no_rows_are_no_batches() -> None:
    assert list(full_batches(np.arange(0), 4)) == []
