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
