from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.learning import scoring, uncertainty
from tests.learning.tables import frame_table, predict


def scored(table: pd.DataFrame, predictions: pd.DataFrame) -> scoring.Scored:
    return scoring.join(scoring.validation(table), predictions, "drop")[0]


@pytest.fixture
def table() -> pd.DataFrame:
    table = frame_table(trials=8)
    table.loc[table.index % 7 == 0, ["AU4", "AU6", "expression"]] = -1
    table.loc[table.index % 5 == 0, "valence"] = np.nan
    return table


def test_measures_from_tallies_are_the_measures_from_frames(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    names = sorted(own.trials.unique())
    tallies = uncertainty.tally(own, names)
    total = uncertainty.official(uncertainty.weigh(np.ones((1, len(names)), int), tallies))
    assert {task: score[0] for task, score in total.items()} == pytest.approx(scoring.official(own))
    only = uncertainty.official(tallies)
    third = own.where(own.trials.eq(names[2]))
    assert {task: score[2] for task, score in only.items()} == pytest.approx(scoring.official(third))


def test_a_video_drawn_twice_counts_twice(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    names = sorted(own.trials.unique())
    drawn = uncertainty.weigh(np.array([[2, 0, 0, 1, 0, 0]]), uncertainty.tally(own, names))
    parts = [own.where(own.trials.eq(names[place])) for place in (0, 0, 3)]
    joined = scoring.Scored(
        pd.concat([part.trials for part in parts]),
        *(np.concatenate([part[field] for part in parts]) for field in (1, 2, 3)),
        pd.concat([part.predicted for part in parts]),
    )
    assert {task: score[0] for task, score in uncertainty.official(drawn).items()} == pytest.approx(
        scoring.official(joined)
    )


def test_the_same_predictions_change_nothing_for_certain(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    assert uncertainty.change_error(own, own) == {"AU": 0, "EXPR": 0, "VA": 0}


def test_a_gain_on_one_video_is_less_certain_than_on_all(table: pd.DataFrame) -> None:
    noisy, clean = predict(table, noise=2), predict(table, noise=0)
    one = clean.where(clean["trial"].eq("v2"), noisy)
    everywhere = clean.where(clean["frame"] % 6 == 0, noisy)  # as many frames, of every video
    before = scored(table, noisy)
    errors = [uncertainty.change_error(before, scored(table, after))["AU"] for after in (one, everywhere)]
    assert errors[0] > 2 * errors[1] > 0


def test_one_video_or_no_head_has_no_error(table: pd.DataFrame) -> None:
    predictions = predict(table, noise=1).assign(valence=np.nan, arousal=np.nan)
    own = scored(table, predictions)
    errors = uncertainty.change_error(own, own)
    assert errors["AU"] == 0 and np.isnan(errors["VA"])
    single = own.where(own.trials.eq("v2"))
    assert np.isnan(list(uncertainty.change_error(single, single).values())).all()
