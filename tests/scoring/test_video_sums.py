from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.scoring import video_sums
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table, predict, scored, with_gaps


@pytest.fixture
def table() -> pd.DataFrame:
    return with_gaps(frame_table(trials=8))


def test_measures_from_sums_are_the_measures_from_frames(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    names = sorted(own.trials.unique())
    own_sums = video_sums.by_video(own, names)
    total = video_sums.task_scores(video_sums.weigh(np.ones((1, len(names)), int), own_sums), "score")
    assert {task: score[0] for task, score in total.items()} == pytest.approx(labelled.official(own))
    only = video_sums.task_scores(own_sums, "score")
    assert video_sums.task_scores(video_sums.total(own_sums), "f1") == pytest.approx(
        labelled.task_scores(own, "f1")
    )
    third = own.where(own.trials.eq(names[2]))
    assert {task: score[2] for task, score in only.items()} == pytest.approx(labelled.official(third))


def test_a_video_drawn_twice_counts_twice(table: pd.DataFrame) -> None:
    own = scored(table, predict(table, noise=1.5))
    names = sorted(own.trials.unique())
    drawn = video_sums.weigh(np.array([[2, 0, 0, 1, 0, 0]]), video_sums.by_video(own, names))
    parts = [own.where(own.trials.eq(names[place])) for place in (0, 0, 3)]
    joined = labelled.Scored(
        pd.concat([part.trials for part in parts]),
        np.concatenate([part.units for part in parts]),
        np.concatenate([part.expressions for part in parts]),
        np.concatenate([part.va for part in parts]),
        pd.concat([part.predicted for part in parts]),
    )
    assert {
        task: score[0] for task, score in video_sums.task_scores(drawn, "score").items()
    } == pytest.approx(labelled.official(joined))
