from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES, PREDICTION_COLUMNS
from stages.scoring.tables import labelled
from stages.scoring.tables.prediction_table import prediction_table
from stages.training.checkpoints import best_epoch, chosen_epoch, epoch_scores, exhausted

HISTORY = [
    {"epoch": n, "val_AU": v, "overall": s} for n, v, s in [(1, 0.9, nan), (2, 0.1, 0.5), (3, 0.8, 0.5)]
]


def test_the_best_epoch_is_so_overall_and_ties_go_to_the_first() -> None:
    assert best_epoch(HISTORY) == chosen_epoch(HISTORY, "best") == "epoch_02"


def test_the_last_epoch_stands_where_nothing_is_chosen() -> None:
    assert chosen_epoch(HISTORY, "last") == "epoch_03"


def test_ten_epochs_without_a_gain_are_enough() -> None:
    """As in Wang & Wang's released code: to come up to the best again is no gain."""

    def history(*scores: float) -> list[dict[str, float]]:
        return [{"epoch": n, "overall": score} for n, score in enumerate(scores, 1)]

    assert not exhausted([], 10)
    assert not exhausted(history(0.1, 0.5, *[0.5] * 9), 10)
    assert exhausted(history(0.1, 0.5, *[0.5] * 10), 10)
    assert not exhausted(history(0.1, 0.5, *[0.4] * 9, 0.6), 10)
    assert exhausted(history(*[nan] * 11), 10)


def test_overall_is_the_mean_of_action_units_and_expressions() -> None:
    labels = pd.DataFrame({"trial": ["a"] * 4, "frame": [1, 2, 3, 4]})
    for name in AU_NAMES:
        labels[name] = [0, 1, 0, 1]
    labels["expression"], labels["valence"], labels["arousal"] = [0, 1, 2, 3], nan, nan
    logits = {"AU": np.repeat([[-2.0], [2.0], [-2.0], [2.0]], 12, 1), "EXPR": np.eye(7)[[0, 0, 0, 0]]}
    table = prediction_table(labels[["trial", "frame"]], {**logits, "VA": np.zeros((4, 2))})
    scores = epoch_scores(labelled.join(labels, table, "drop")[0])
    assert scores["val_AU"] == 1.0 and scores["val_EXPR"] < 0.2
    assert scores["overall"] == (scores["val_AU"] + scores["val_EXPR"]) / 2


def test_prediction_table_is_sorted_and_complete() -> None:
    keys = pd.DataFrame({"trial": ["b", "a", "a"], "frame": np.array([1, 2, 1], np.int32)})
    table = prediction_table(keys, {"VA": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])})
    assert tuple(table.columns) == PREDICTION_COLUMNS
    assert list(zip(table["trial"], table["frame"], strict=True)) == [("a", 1), ("a", 2), ("b", 1)]
    assert np.allclose(table["valence"], [0.5, 0.3, 0.1])
    assert table["logit_AU1"].isna().all() and table["logit_AU1"].dtype == np.float32
