from __future__ import annotations

import numpy as np
import pytest

from stages.ensemble import weight_grid
from stages.scoring.tables.measures import action_units, ccc

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("members", "step", "count"), [(1, 0.1, 1), (2, 0.5, 3), (3, 0.25, 16), (5, 0.25, 81)]
)
def test_grid_is_every_weighting_and_the_equal_ones(members: int, step: float, count: int) -> None:
    grid = weight_grid.simplex(members, step)
    assert len(grid) == count == len(np.unique(grid, axis=0))
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    assert sum(np.ptp(row[row > 0]) < 1e-12 for row in grid) == 2**members - 1  # one for every subset
    np.testing.assert_array_equal(grid[:members], np.eye(members))  # single members come first


def test_unit_sums_count_what_each_weighting_says() -> None:
    truth, said = RANDOM.integers(-1, 2, 200), RANDOM.random((3, 200))
    weights = weight_grid.simplex(3, 0.25)
    for row, sums in zip(weights, weight_grid.unit_sums(truth, said, weights), strict=True):
        hit = extra = missed = right = known = 0
        for label, chance in zip(truth, row @ said, strict=True):
            if label >= 0:
                yes = chance > 0.5
                hit, extra, missed = (
                    hit + (yes and label),
                    extra + (yes and not label),
                    missed + (label and not yes),
                )
                right, known = right + (yes == label), known + 1
        assert sums.tolist() == [hit, extra, missed, right, known]


def test_moments_are_those_of_the_mixed_values() -> None:
    truth, said = RANDOM.normal(size=100), RANDOM.normal(size=(2, 100))
    truth[::9] = np.nan
    weights = weight_grid.simplex(2, 0.5)
    known = ~np.isnan(truth)
    for row, (n, x, y, xx, yy, xy) in zip(
        weights, weight_grid.moment_sums(truth, said, weights), strict=True
    ):
        spread = xx / n - (x / n) ** 2 + yy / n - (y / n) ** 2 + (x / n - y / n) ** 2
        assert n == known.sum()
        assert 2 * (xy / n - x * y / n**2) / spread == pytest.approx(ccc(truth, row @ said))


def confusion(truth: np.ndarray, mixed: np.ndarray) -> list[list[int]]:
    counts = [[0] * 7 for _ in range(7)]
    for label, chances in zip(truth, mixed, strict=True):
        if label >= 0:
            counts[label][max(range(7), key=lambda place: (chances[place], -place))] += 1
    return counts


def test_confusions_of_shared_weights() -> None:
    truth, said = RANDOM.integers(-1, 7, 60), RANDOM.dirichlet(np.ones(7), (2, 60))
    weights = weight_grid.simplex(2, 0.25)
    for row, counts in zip(weights, weight_grid.confusions(truth, said, weights), strict=True):
        assert counts.tolist() == confusion(truth, row[0] * said[0] + row[1] * said[1])


@pytest.mark.parametrize("label", [0, 3, 6])
def test_confusions_where_one_class_is_weighed_anew(label: int) -> None:
    truth, said = RANDOM.integers(-1, 7, 60), RANDOM.integers(0, 4, (2, 60, 7)) / 4  # with ties
    weights, mixed = weight_grid.simplex(2, 0.25), said.mean(axis=0)
    found = weight_grid.class_confusions(truth, mixed, label, said[:, :, label], weights)
    for row, counts in zip(weights, found, strict=True):
        anew = mixed.copy()
        anew[:, label] = row @ said[:, :, label]
        assert counts.tolist() == confusion(truth, anew)


def test_accuracy_and_f1_follow_from_the_sums() -> None:
    truth, logits = RANDOM.integers(0, 2, 50), RANDOM.normal(size=50)
    sums = weight_grid.unit_sums(truth, 1 / (1 + np.exp(-logits))[None], np.ones((1, 1)))[0]
    score = action_units(truth[:, None], logits[:, None])
    assert 2 * sums[0] / (2 * sums[0] + sums[1] + sums[2]) == pytest.approx(score.f1)
    assert sums[3] / sums[4] == pytest.approx(score.accuracy)
