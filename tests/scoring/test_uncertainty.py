from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.scoring import uncertainty
from stages.scoring.tables import labelled
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


def test_an_interval_holds_the_score_and_narrows_with_the_videos(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    ends = uncertainty.intervals(own)
    for task, score in labelled.official(own).items():
        assert ends[task].low < score < ends[task].high
    many = with_gaps(frame_table(trials=40))
    wide = uncertainty.intervals(scored(many, predict(many, noise=1.5)))
    assert wide["AU"].high - wide["AU"].low < 0.7 * (ends["AU"].high - ends["AU"].low)


def test_an_interval_covers_what_more_videos_would_give() -> None:
    """Of forty corpora of a dozen videos, the intervals of most hold the score of all of them together."""
    everything = frame_table(trials=482, frames=20)
    said = predict(everything, noise=1.0)
    whole = labelled.official(scored(everything, said))["AU"]
    names = [f"v{number}" for number in range(2, 482)]
    inside = 0
    for first in range(0, 480, 12):
        own = said[said["trial"].isin(names[first : first + 12])]
        low, high = uncertainty.intervals(scored(everything, own))["AU"]
        inside += low <= whole <= high
    assert 32 <= inside <= 40


def test_one_video_or_no_head_has_no_interval(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1).assign(valence=np.nan))
    assert np.isnan(uncertainty.intervals(own.where(own.trials.eq("v2")))["AU"]).all()
