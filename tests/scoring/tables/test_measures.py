from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from stages.scoring.tables import measures, sums


def random_units(n: int = 500, missing: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (n, 12))
    truth[rng.random(truth.shape) < missing] = -1
    return truth, rng.normal(size=(n, 12)).astype(np.float32) + truth


def test_action_units_by_hand() -> None:
    truth = np.array([[1, 0], [1, -1], [0, 1], [0, 0]])
    logits = np.array([[2.0, -1.0], [-1.0, 9.0], [3.0, 4.0], [-2.0, -3.0]])
    scores = measures.action_units(truth, logits)
    assert scores.unit_f1.tolist() == [0.5, 1.0]  # 1 hit, 1 miss, 1 false alarm; 1 hit
    assert scores.accuracy == pytest.approx(5 / 7)  # 7 labelled decisions, not 8
    assert scores.score == pytest.approx(0.5 * 0.75 + 0.5 * 5 / 7)


def test_action_units_agree_with_sklearn() -> None:
    truth, logits = random_units()
    scores = measures.action_units(truth, logits)
    for unit in range(12):
        known = truth[:, unit] >= 0
        true, logit = truth[known, unit], logits[known, unit]
        assert scores.unit_f1[unit] == pytest.approx(f1_score(true, logit > 0))
        assert scores.unit_accuracy[unit] == pytest.approx(accuracy_score(true, logit > 0))
        assert scores.unit_auc[unit] == pytest.approx(roc_auc_score(true, logit))


def test_auc_counts_ties_half() -> None:
    truth = np.array([0, 0, 1, 1, 1], dtype=bool)
    assert measures.auc(truth, np.array([1.0, 2.0, 2.0, 2.0, 3.0])) == pytest.approx(
        roc_auc_score(truth, [1, 2, 2, 2, 3])
    )
    assert np.isnan(measures.auc(truth[:2], np.array([1.0, 2.0])))


def test_unit_without_positives_counts_as_zero() -> None:
    truth, logits = np.array([[0, 1], [0, 0]]), np.array([[-1.0, 1.0], [-1.0, -1.0]])
    scores = measures.action_units(truth, logits)
    assert scores.unit_f1.tolist() == [0.0, 1.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert scores.f1 == f1_score(truth, logits > 0, average="macro", zero_division=0)


def test_units_the_system_does_not_know_are_left_out() -> None:
    truth, logits = random_units(missing=0)
    logits[:, 3:] = np.nan
    scores = measures.action_units(truth, logits)
    assert scores.f1 == pytest.approx(f1_score(truth[:, :3], logits[:, :3] > 0, average="macro"))
    assert scores.accuracy == pytest.approx((truth[:, :3] == (logits[:, :3] > 0)).mean())
    assert np.isnan(scores.unit_f1[3:]).all()


def test_expressions_agree_with_sklearn() -> None:
    rng = np.random.default_rng(1)
    truth, logits = rng.integers(-1, 7, 400), rng.normal(size=(400, 7))
    known, predicted = truth >= 0, logits.argmax(axis=1)
    scores = measures.expressions(truth, logits)
    assert scores.f1 == pytest.approx(f1_score(truth[known], predicted[known], average="macro"))
    assert scores.accuracy == pytest.approx(accuracy_score(truth[known], predicted[known]))
    assert scores.score == pytest.approx(0.67 * scores.f1 + 0.33 * scores.accuracy)


def test_expression_absent_from_truth_and_prediction_is_left_out() -> None:
    truth, logits = np.array([0, 1, 1, 2]), np.eye(7)[[0, 1, 2, 2]]
    scores = measures.expressions(truth, logits)
    assert scores.f1 == pytest.approx(f1_score(truth, logits.argmax(axis=1), average="macro"))
    assert scores.class_f1[:3] == pytest.approx([1, 2 / 3, 2 / 3])
    assert np.isnan(scores.class_f1[3:]).all()


def test_ccc_by_hand() -> None:
    truth = np.array([0.0, 1.0, 2.0, np.nan])
    assert measures.ccc(truth, np.array([0.0, 1.0, 2.0, 9.0])) == pytest.approx(1.0)
    # cov 2/3, variances 2/3 and 2/3, means one apart: (4/3) / (4/3 + 1)
    assert measures.ccc(truth, np.array([1.0, 2.0, 3.0, 9.0])) == pytest.approx(4 / 7)
    assert measures.ccc(truth, np.full(4, 0.5)) == 0.0
    assert measures.ccc(np.ones(3), np.ones(3)) == 0.0


def test_no_labels_is_nan_not_zero() -> None:
    empty = measures.action_units(np.full((4, 12), -1), np.zeros((4, 12)))
    assert np.isnan([empty.f1, empty.accuracy, empty.score]).all()
    assert np.isnan(measures.expressions(np.full(3, -1), np.zeros((3, 7))).score)
    assert np.isnan(measures.ccc(np.full(3, np.nan), np.zeros(3)))


def test_ccc_from_sums_is_ccc_from_frames() -> None:
    rng = np.random.default_rng(2)
    truth, said = rng.normal(size=(200, 2)), rng.normal(size=(200, 2))
    truth[::7, 0], said[::5, 1] = np.nan, np.nan
    found = measures.concordance(sums.moments(truth, said))
    assert found == pytest.approx([measures.ccc(truth[:, i], said[:, i]) for i in range(2)])
    assert np.isnan(measures.concordance(sums.moments(truth[:0], said[:0]))).all()


@pytest.mark.parametrize("constant", [0.3, 0.1, 1 / 3])
def test_constant_predictions_have_no_concordance_at_all(constant: float) -> None:
    """Not even by rounding: the majority baseline says the same everywhere."""
    truth = np.random.default_rng(3).normal(size=1000)
    assert abs(measures.ccc(truth, np.full(1000, constant))) < 1e-9
    assert measures.ccc(np.full(1000, constant), np.full(1000, constant)) == 0


@pytest.mark.parametrize("constant", [0.3, 0.1, 1 / 3])
def test_from_sums_equal_constants_have_no_concordance_either(constant: float) -> None:
    """Sums of squares leave variances of some 1e-17 that agree with each other perfectly."""
    same = np.full((1000, 1), constant)
    assert measures.concordance(sums.moments(same, same)) == 0
