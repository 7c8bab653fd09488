from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.scoring.robust_choice import choose, fold_scores, steady
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table, predict

UNITS = len(labelled.UNITS)
NAN = float("nan")


@pytest.mark.parametrize("criterion", ["score", "f1"])
def test_scores_of_a_fold_are_those_of_the_other_videos(criterion: labelled.Criterion) -> None:
    table = frame_table()
    rows = labelled.validation(table)
    scored, _ = labelled.join(rows, predict(table, noise=1.0), "drop")
    names = sorted(set(scored.trials))
    folds = fold_scores(scored, criterion)
    for name, fold in zip(names, folds, strict=True):
        kept = scored.where(scored.trials != name)
        np.testing.assert_allclose(fold, list(labelled.unit_scores(kept, criterion).values()), atol=1e-6)


def folds_of(*scores: float) -> np.ndarray:
    return np.repeat(np.array(scores)[:, None], UNITS, axis=1)


def test_a_gain_that_one_video_makes_is_no_gain() -> None:
    default, lucky, better = folds_of(0.5, 0.5, 0.5), folds_of(0.9, 0.9, 0.5), folds_of(0.6, 0.62, 0.58)
    table = steady([default, lucky, better], 0)
    np.testing.assert_allclose(table["AU1"], [0.5, 0.5, 0.58])
    assert choose(table, 0, margin=0.01)["AU1"] == 2


def test_units_without_a_score() -> None:
    silent, heard = folds_of(NAN, NAN), folds_of(0.3, 0.2)
    table = steady([silent, heard], 0)
    assert choose(table, 0, margin=0.01)["valence"] == 1
    assert choose(steady([silent, silent], 0), 0, margin=0.01)["valence"] == 0


def test_a_fold_in_which_the_default_has_no_score_does_not_count() -> None:
    table = steady([folds_of(0.5, NAN), folds_of(0.6, 0.1)], 0)
    np.testing.assert_allclose(table["AU1"], [0.5, 0.6])


def test_a_unit_leaves_the_default_only_by_more_than_the_margin() -> None:
    scores = pd.DataFrame({"far": [0.5, 0.7], "near": [0.5, 0.505], "worse": [0.5, 0.4]}, index=["a", "b"])
    assert choose(scores, "a", margin=0.01) == {"far": "b", "near": "a", "worse": "a"}
    assert choose(scores, "a", margin=0.0) == {"far": "b", "near": "b", "worse": "a"}


def test_of_equals_the_first_is_taken() -> None:
    scores = pd.DataFrame({"unit": [0.1, 0.9, 0.9]}, index=[1, 5, 10])
    assert choose(scores, 1, margin=0.0) == {"unit": 5}
    assert choose(scores, 10, margin=0.0) == {"unit": 10}


def test_unknown_scores() -> None:
    scores = pd.DataFrame({"not by default": [NAN, 0.1], "by nobody": [NAN, NAN]}, index=["a", "b"])
    assert choose(scores, "a", margin=0.5) == {"not by default": "b", "by nobody": "a"}
