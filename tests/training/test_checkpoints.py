from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES, PREDICTION_COLUMNS
from stages.scoring.prediction_table import prediction_table
from stages.training.checkpoints import best_epoch, epoch_scores, exhausted


def test_best_epoch_is_chosen_on_the_selection_half_and_ties_go_to_the_first() -> None:
    history = [
        {"epoch": n, "val_AU": v, "selection": s} for n, v, s in [(1, 0.9, nan), (2, 0.1, 0.5), (3, 0.8, 0.5)]
    ]
    assert best_epoch(history) == "epoch_02"


def test_ten_epochs_without_a_gain_are_enough() -> None:
    """As in Wang & Wang's released code: to come up to the best again is no gain."""

    def history(*scores: float) -> list[dict[str, float]]:
        return [{"epoch": n, "selection": score} for n, score in enumerate(scores, 1)]

    assert not exhausted([], 10)
    assert not exhausted(history(0.1, 0.5, *[0.5] * 9), 10)
    assert exhausted(history(0.1, 0.5, *[0.5] * 10), 10)
    assert not exhausted(history(0.1, 0.5, *[0.4] * 9, 0.6), 10)
    assert exhausted(history(*[nan] * 11), 10)


def test_selection_score_sees_only_its_half() -> None:
    labels = pd.DataFrame({"trial": ["a"] * 4 + ["b"] * 4, "frame": [1, 2, 3, 4] * 2})
    for name in AU_NAMES:
        labels[name] = np.tile([0, 1, 0, 1], 2)
    labels["expression"], labels["valence"], labels["arousal"] = -1, nan, nan
    logits = np.where(np.tile([0, 1, 0, 1], 2) > 0, 2.0, -2.0)
    logits[4:] *= -1  # all wrong in b
    keys = labels[["trial", "frame"]]
    outputs = {"AU": np.repeat(logits[:, None], 12, 1), "EXPR": np.zeros((8, 7)), "VA": np.zeros((8, 2))}
    scores = epoch_scores(labels, prediction_table(keys, outputs), {"a": "selection", "b": "scoring"})
    assert scores["selection"] == 1.0
    assert scores["val_AU"] == 0.5


def test_prediction_table_is_sorted_and_complete() -> None:
    keys = pd.DataFrame({"trial": ["b", "a", "a"], "frame": np.array([1, 2, 1], np.int32)})
    table = prediction_table(keys, {"VA": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])})
    assert tuple(table.columns) == PREDICTION_COLUMNS
    assert list(zip(table["trial"], table["frame"], strict=True)) == [("a", 1), ("a", 2), ("b", 1)]
    assert np.allclose(table["valence"], [0.5, 0.3, 0.1])
    assert table["logit_AU1"].isna().all() and table["logit_AU1"].dtype == np.float32
