from __future__ import annotations

import numpy as np
import pytest

from stages.pretrain.verification import Pairs, draw_pairs, similarities, verification_scores


def test_pairs_are_of_both_kinds_and_never_repeat() -> None:
    identity = np.array(list("aaabbbcccdd"))
    pairs = draw_pairs(identity, 8, seed=0)
    assert pairs.same.sum() == 8 and (~pairs.same).sum() == 8
    assert np.array_equal(identity[pairs.left] == identity[pairs.right], pairs.same)
    assert (pairs.left != pairs.right).all()
    assert len({frozenset(pair) for pair in zip(pairs.left, pairs.right, strict=True)}) == 16


def test_all_pairs_of_one_person_are_found() -> None:
    pairs = draw_pairs(np.array(list("abcab")), 100, seed=0)
    found = {frozenset(p) for p in zip(pairs.left[pairs.same], pairs.right[pairs.same], strict=True)}
    assert found == {frozenset({0, 3}), frozenset({1, 4})}


def test_pairs_are_drawn_by_the_seed() -> None:
    identity = np.repeat(np.arange(20), 5)
    first, again, other = (draw_pairs(identity, 50, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.left, again.left) and not np.array_equal(first.left, other.left)


def test_cosines_by_hand() -> None:
    features = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, -2.0]])
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([True, False, False]))
    np.testing.assert_allclose(similarities(features, pairs), [0.5**0.5, 0, -(0.5**0.5)], atol=1e-12)


def test_auc_is_the_share_of_ordered_pairs() -> None:
    similarity = np.array([0.9, 0.4, 0.6, 0.1])
    same = np.array([True, True, False, False])
    assert verification_scores(similarity, same)["auc"] == 0.75


@pytest.mark.parametrize(("gap", "accuracy"), [(10.0, 1.0), (0.0, 0.5)])
def test_accuracy_of_separate_and_of_equal_pairs(gap: float, accuracy: float) -> None:
    random = np.random.default_rng(0)
    same = np.repeat([True, False], 1000)
    similarity = random.normal(size=2000) + gap * same
    assert verification_scores(similarity, same)["accuracy"] == pytest.approx(accuracy, abs=0.05)


def test_threshold_does_not_see_the_pairs_it_is_applied_to() -> None:
    """One fold's pairs lie elsewhere: the others' threshold must fail on them."""
    same = np.repeat([True, False], 20)
    similarity = np.where(same, 1.0, 0.0)
    similarity[[0, 10]] = -1.0  # the pairs of one person in fold 0
    scores = verification_scores(similarity, same)
    assert scores["accuracy"] == (40 - 2) / 40
