from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.scoring import uncertainty
from tests.scoring.prediction_tables import frame_table, predict, scored, with_gaps


@pytest.fixture
def table() -> pd.DataFrame:
    return with_gaps(frame_table(trials=8))


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
