from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import evaluate
from stages.corpora.labels import AU_NAMES, EXPRESSIONS
from stages.learning import chain, scoring
from stages.learning.candidates import Candidate
from stages.learning.selection import halves
from tests.learning.tables import frame_table, predict, write


@pytest.fixture
def table() -> pd.DataFrame:
    return frame_table(trials=8)


def spoil(table: pd.DataFrame, half: str) -> pd.DataFrame:
    """Perfect predictions, but for one half of the videos, where they are the opposite."""
    predictions = predict(table, noise=0)
    rows = predictions["trial"].map(halves(table)).eq(half)
    predictions.loc[rows, predictions.columns[2:]] *= -1
    return predictions


def test_both_figures_are_shown(table: pd.DataFrame) -> None:
    scored, counts = scoring.join(scoring.validation(table), spoil(table, "selection"), "drop")
    metrics = evaluate.measure(scored, counts, halves(table))
    assert metrics["scoring_half"]["au"]["score"] == 1
    assert metrics["au"]["score"] < 0.8
    assert metrics["abaw3"]["au"] == metrics["au"]["f1"] < metrics["au"]["score"]
    assert metrics["abaw3"]["expr"] == metrics["expr"]["f1"]
    assert metrics["abaw3"]["va"] == metrics["va"]["ccc"]
    assert metrics["frames"]["labelled"] == len(scored.trials)


def test_units_table_counts_labels(table: pd.DataFrame) -> None:
    table.loc[table.index[-10:], "AU4"] = -1
    scored, _ = scoring.join(scoring.validation(table), predict(table, noise=0), "drop")
    units = evaluate.units_table(scored).set_index("unit")
    assert list(units.index) == list(AU_NAMES)
    assert units.loc["AU4", "labelled"] == units.loc["AU1", "labelled"] - 10
    assert units.loc["AU1", ["f1", "accuracy", "auc"]].tolist() == [1, 1, 1]
    assert units.loc["AU1", "positives"] == (scored.units[:, 0] == 1).sum()


def test_confusion_has_every_pair_in_order(table: pd.DataFrame) -> None:
    table["expression"] = np.int8(2)
    predictions = predict(table, noise=0)
    predictions.loc[:4, "logit_Sadness"] = 9
    scored, _ = scoring.join(scoring.validation(table), predictions, "drop")
    counts = evaluate.confusion_table(scored)
    assert len(counts) == 49 and list(counts["actual"].unique()) == list(EXPRESSIONS)
    found = counts[counts["frames"] > 0].to_dict("records")
    assert found == [
        {"actual": "Disgust", "predicted": "Disgust", "frames": 355},
        {"actual": "Disgust", "predicted": "Sadness", "frames": 5},
    ]


def test_a_system_without_expressions_confuses_none(table: pd.DataFrame) -> None:
    predictions = predict(table, noise=0).drop(columns=[f"logit_{name}" for name in EXPRESSIONS])
    scored, _ = scoring.join(scoring.validation(table), predictions, "drop")
    assert evaluate.confusion_table(scored)["frames"].tolist() == [0] * 49


def test_steps_are_the_best_of_each_network_then_ensemble_and_smoothing(table: pd.DataFrame) -> None:
    ratings = pd.DataFrame(
        {
            "system": ["toy", "toy", "toy", "other"],
            "step": ["visual", "visual", "sequence", "audio"],
            "checkpoint": ["epoch_02", "epoch_01", "epoch_01", "epoch_01"],
            "overall": [0.4, 0.5, 0.3, 0.9],
        }
    )
    assert chain.steps(ratings, "toy") == [
        Candidate("toy", "visual", "epoch_01"),
        Candidate("toy", "sequence", "epoch_01"),
        Candidate("toy", "ensemble", "best"),
        Candidate("toy", "smooth", "best"),
    ]


def test_a_step_that_only_helps_where_it_was_chosen_shows(tmp_path: Path, table: pd.DataFrame) -> None:
    write(tmp_path, "visual", "epoch_01", predict(table, noise=0))
    write(tmp_path, "ensemble", "best", spoil(table, "scoring"))
    steps = [Candidate("toy", "visual", "epoch_01"), Candidate("toy", "ensemble", "best")]
    baseline, visual, ensemble = chain.score_steps(table, tmp_path, steps, halves(table), "drop")
    assert baseline["step"] == "majority" and baseline["all"]["AU"] < 0.7 and baseline["all"]["VA"] == 0
    assert visual["scoring"]["AU"] == visual["all"]["AU"] == 1
    assert ensemble["scoring"]["AU"] == 0 < ensemble["all"]["AU"]
    assert baseline["error"] == {} and ensemble["error"]["AU"] < 0.1
