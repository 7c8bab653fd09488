from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from stages import ensemble
from stages.corpora.labels import AU_NAMES
from stages.learning.candidates import Candidate
from stages.learning.scoring import UNITS
from stages.learning.selection import halves
from tests.learning.tables import frame_table, predict, write

GOOD, OTHER = Candidate("toy", "sequence", "good"), Candidate("toy", "visual", "other")


@pytest.fixture
def table() -> pd.DataFrame:
    return frame_table(trials=8)


def lay(root: Path, table: pd.DataFrame, worse: dict[str, float]) -> None:
    """A good checkpoint whose columns in `worse` are shifted, and another that is right about those alone."""
    good, other = predict(table, noise=0.1), predict(table, noise=0.1)
    for name in good.columns[2:]:
        (good if name in worse else other)[name] -= worse.get(name, 9)
    write(root, GOOD.step, GOOD.checkpoint, good)
    write(root, OTHER.step, OTHER.checkpoint, other)


def test_each_unit_takes_its_best_checkpoint(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"logit_AU15": 9, "arousal": 9})
    _, chosen = ensemble.select(table, tmp_path, ["toy"], "score", margin=0.01)
    assert {unit for unit, candidate in chosen.items() if candidate == OTHER} == {"AU15", "arousal"}
    assert set(chosen) == set(UNITS)


def test_a_small_gain_does_not_leave_the_best_checkpoint(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"arousal": 0.05})
    _, careful = ensemble.select(table, tmp_path, ["toy"], "score", margin=0.01)
    _, greedy = ensemble.select(table, tmp_path, ["toy"], "score", margin=0.0)
    assert careful["arousal"] == GOOD and greedy["arousal"] == OTHER


def test_the_scoring_half_has_no_say(tmp_path: Path, table: pd.DataFrame) -> None:
    """A checkpoint that is perfect on the scoring half only is not chosen."""
    lay(tmp_path, table, {})
    scoring = [trial for trial, half in halves(table).items() if half == "scoring"]
    predictions = predict(table, noise=0)
    predictions.loc[~predictions["trial"].isin(scoring), predictions.columns[2:]] = -9.0
    write(tmp_path, "audio", "lucky", predictions)
    ratings, chosen = ensemble.select(table, tmp_path, ["toy"], "f1", margin=0.0)
    assert Candidate("toy", "audio", "lucky") not in chosen.values()
    assert ratings.set_index("checkpoint").loc["lucky", [*AU_NAMES]].eq(0).all()


def test_description_is_what_prediction_reads() -> None:
    assert ensemble.describe({"AU1": GOOD}) == {
        "AU1": {"system": "toy", "step": "sequence", "checkpoint": "good"}
    }
