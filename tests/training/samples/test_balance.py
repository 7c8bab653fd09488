from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from stages.core.labels import AU_NAMES
from stages.training.samples.balance import Limit, balanced, mean_imbalance, ml_ros, rare

A, B, C = [1, 0, 0], [0, 1, 0], [1, 0, 1]
# Counts 8, 4, 2: IRLbl 1, 2, 4, MeanIR 7/3, so the third label alone is rare; it always comes with the first.
SMALL = np.array([A] * 6 + [B] * 4 + [C] * 2, np.int8)


def test_mean_imbalance_by_hand() -> None:
    assert mean_imbalance(SMALL.sum(axis=0)) == pytest.approx(7 / 3)
    assert mean_imbalance(np.array([8, 0, 4])) == pytest.approx(
        1.5
    )  # a label that never occurs does not count
    assert mean_imbalance(np.array([0, 0])) == 0


def test_ml_ros_stops_once_the_label_is_no_longer_rare() -> None:
    """Each clone adds one to both counts: (8 + k) / (2 + k) falls to 7/3 with the third clone, 11 / 5."""
    rows = ml_ros(SMALL, 1.0, seed=0)
    assert rows[:12].tolist() == list(range(12))
    assert len(rows) == 15 and set(rows[12:].tolist()) <= {10, 11}


def test_ml_ros_stops_at_its_share() -> None:
    assert len(ml_ros(SMALL, 2 / 12, seed=0)) == 14
    assert ml_ros(SMALL, 0.0, seed=0).tolist() == list(range(12))


def test_rare_labels_take_turns_until_each_is_rare_no_longer() -> None:
    """Counts 90, 3, 2: IRLbl 1, 30, 45, MeanIR 25.3; 90 / 4 = 22.5 is below it."""
    labels = np.zeros((100, 3), np.int8)
    labels[:90, 0] = labels[90:93, 1] = labels[93:95, 2] = 1
    clones = ml_ros(labels, 0.1, seed=3)[100:]
    assert [int(labels[row].argmax()) for row in clones] == [1, 2, 2]


def charte(labels: np.ndarray, share: float, seed: int) -> list[int]:
    """Algorithm 2 of Charte et al. 2015, on lists of samples."""
    random = np.random.default_rng(seed)
    samples = list(range(len(labels)))

    def ratio(label: int) -> float:
        counts = [sum(labels[row][k] == 1 for row in samples) for k in range(labels.shape[1])]
        return max(counts) / counts[label] if counts[label] else -1

    known = [k for k in range(labels.shape[1]) if ratio(k) > 0]
    limit = sum(ratio(k) for k in known) / len(known)
    rare = [k for k in known if ratio(k) > limit]
    bags = {k: [row for row in samples if labels[row][k] == 1] for k in rare}
    left = int(len(labels) * share)
    while left > 0 and rare:
        for label in list(rare):
            if left == 0:
                break
            samples.append(bags[label][int(random.integers(len(bags[label])))])
            left -= 1
            if ratio(label) <= limit:
                rare.remove(label)
    return samples


@pytest.mark.parametrize("share", [0.1, 0.5, 3.0])
def test_ml_ros_is_the_papers_algorithm(share: float) -> None:
    random = np.random.default_rng(1)
    labels = (random.random((80, 6)) < [0.6, 0.3, 0.2, 0.1, 0.05, 0.04]).astype(np.int8)
    labels[random.random((80, 6)) < 0.1] = -1
    ours, theirs = ml_ros(labels, share, seed=5), charte(labels, share, seed=5)
    assert ours.tolist() == theirs


# Jiang et al. 2022, Figure 2: positives of each AU in the training and the validation set.
FIGURE_2 = np.array([62492, 40848, 68751, 111824, 177726, 156328, 112793, 13322, 11102, 13052, 289291, 47265])


@pytest.mark.parametrize(
    ("limit", "clones"),
    [("mean", ["AU15", "AU23", "AU24"]), ("geometric", ["AU2", "AU15", "AU23", "AU24", "AU26"])],
)
def test_which_units_are_rare_at_jiangs_counts(limit: Limit, clones: list[str]) -> None:
    """By Charte's definition three; by the geometric mean the five that section 4.3 says are oversampled."""
    assert [AU_NAMES[place] for place in rare(FIGURE_2, limit)] == clones


def test_geometric_mean_by_hand() -> None:
    """IRLbl 1, 2, 4: their product's third root is 2, so that the second label is not rare."""
    assert mean_imbalance(np.array([8, 4, 2]), "geometric") == pytest.approx(2)
    assert rare(np.array([9, 4, 2]), "geometric").tolist() == [1, 2]  # 1, 2.25, 4.5: 2.16


def test_ml_ros_clones_down_to_its_limit() -> None:
    """(8 + k) / (2 + k) of the third label falls to the geometric mean, 2, with the fourth clone; as above to 7/3."""
    assert len(ml_ros(SMALL, 1.0, seed=0, limit="geometric")) == 16


def test_ml_ros_is_a_pure_function_of_its_seed() -> None:
    assert np.array_equal(ml_ros(SMALL, 1.0, 1), ml_ros(SMALL, 1.0, 1))
    drawn = {tuple(ml_ros(SMALL, 1.0, seed).tolist()) for seed in range(8)}
    assert len(drawn) > 1


def one_unit_each(per_unit: int = 10, none: int = 40) -> np.ndarray:
    """Samples with exactly one AU, and some without any."""
    return np.concatenate(
        [np.repeat(np.eye(12, dtype=np.int8), per_unit, axis=0), np.zeros((none, 12), np.int8)]
    )


@pytest.mark.parametrize(("batch", "each", "without"), [(96, 6, 24), (32, 2, 8), (256, 16, 64)])
def test_a_batch_holds_every_unit_and_faces_without_any(batch: int, each: int, without: int) -> None:
    labels = one_unit_each()
    batches = list(balanced(labels, np.arange(len(labels)), batch, 3, seed=1, epoch=1))
    assert len(batches) == 3
    for rows in batches:
        assert labels[rows].sum(axis=0).tolist() == [each] * 12
        assert (labels[rows].sum(axis=1) == 0).sum() == without


def test_batches_that_are_no_round_number_go_on_where_the_last_one_stopped() -> None:
    labels = one_unit_each()
    rows = np.concatenate(list(balanced(labels, np.arange(len(labels)), 10, 8, seed=1, epoch=1)))
    assert labels[rows].sum(axis=0).tolist() == [5] * 12


def test_a_rare_unit_is_gone_through_before_any_of_it_comes_again() -> None:
    labels = one_unit_each(per_unit=5)
    rows = np.concatenate(list(balanced(labels, np.arange(len(labels)), 16, 15, seed=1, epoch=1)))
    for unit in range(12):
        drawn = [row for row in rows.tolist() if labels[row, unit] == 1]
        laps = [drawn[start : start + 5] for start in (0, 5, 10)]
        assert all(sorted(lap) == sorted(laps[0]) and len(set(lap)) == 5 for lap in laps)
    assert len({tuple(rows[start : start + 80]) for start in (0, 80, 160)}) == 3  # in another order


def test_a_unit_without_samples_leaves_its_place_to_the_others() -> None:
    labels = one_unit_each()
    labels[labels[:, 7] == 1, 7] = -1
    rows = next(balanced(labels, np.arange(len(labels)), 90, 1, seed=1, epoch=1))
    counts = (labels[rows] == 1).sum(axis=0)
    assert counts[7] == 0 and set(np.delete(counts, 7)) == {6}
    positives = np.flatnonzero((labels == 1).any(axis=1))
    rows = next(balanced(labels, positives, 22, 1, seed=1, epoch=1))  # nothing without any unit either
    assert set(np.delete((labels[rows] == 1).sum(axis=0), 7)) == {2}


def test_only_the_rows_given_are_drawn_and_clones_come_twice_as_often() -> None:
    labels = one_unit_each(per_unit=3)
    rows = np.array([0, 1, 1, *range(36, 76)])
    drawn = Counter(np.concatenate(list(balanced(labels, rows, 15, 1, seed=1, epoch=1))).tolist())
    assert set(drawn) <= set(rows.tolist())
    assert drawn[0] == 1 and drawn[1] == 2
    assert labels[36:].sum() == 0 and sum(drawn.values()) == 15


def test_unlabelled_samples_are_never_taken_for_negatives() -> None:
    labels = one_unit_each()
    labels[-20:] = -1
    drawn = np.concatenate(list(balanced(labels, np.arange(len(labels)), 32, 20, seed=1, epoch=1)))
    assert drawn.max() < len(labels) - 20


def test_an_epoch_is_as_long_as_its_rows_and_a_pure_function_of_seed_and_epoch() -> None:
    labels = one_unit_each()

    def epoch(seed: int, number: int) -> list[int]:
        batches = balanced(labels, np.arange(len(labels)), 32, None, seed, number)
        return np.concatenate(list(islice(batches, 99))).tolist()

    assert len(epoch(1, 1)) == len(labels) // 32 * 32
    assert epoch(1, 1) == epoch(1, 1)
    assert epoch(1, 1) != epoch(1, 2) != epoch(2, 1)
