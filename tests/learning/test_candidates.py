from __future__ import annotations

from pathlib import Path

import pytest

from stages.errors import UserError
from stages.learning import candidates, scoring
from stages.learning.candidates import Candidate
from tests.learning.tables import frame_table, predict, write


def test_found_simplest_first(tmp_path: Path) -> None:
    predictions = predict(frame_table(), noise=1)
    for step, name in [
        ("sequence", "best"),
        ("visual", "epoch_01"),
        ("visual", "epoch_02"),
        ("smooth", "best"),
    ]:
        write(tmp_path, step, name, predictions)
    assert candidates.find(tmp_path, ["toy"]) == [
        Candidate("toy", "visual", "epoch_02"),
        Candidate("toy", "visual", "epoch_01"),
        Candidate("toy", "sequence", "best"),
    ]


def test_system_without_predictions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="toy: no predictions"):
        candidates.find(tmp_path, ["toy"])


def test_best_is_by_the_mean_of_the_tasks_and_of_equals_the_simplest(tmp_path: Path) -> None:
    table = frame_table()
    write(tmp_path, "visual", "noisy", predict(table, noise=3))
    write(tmp_path, "audio", "good", predict(table, noise=0.2))
    write(tmp_path, "sequence", "as_good", predict(table, noise=0.2))
    found = candidates.find(tmp_path, ["toy"])
    ratings = candidates.rate(found, tmp_path, scoring.validation(table), "score")
    assert candidates.best(ratings) == Candidate("toy", "audio", "good")
    assert ratings.set_index("checkpoint")["overall"].is_monotonic_increasing


def test_columns_come_from_the_chosen(tmp_path: Path) -> None:
    table = frame_table()
    first, second = predict(table, noise=1, seed=1), predict(table, noise=1, seed=2)
    write(tmp_path, "visual", "first", first)
    write(tmp_path, "sequence", "second", second)
    chosen = dict.fromkeys(scoring.UNITS, Candidate("toy", "visual", "first"))
    chosen["AU4"] = chosen["EXPR"] = Candidate("toy", "sequence", "second")
    ensemble = candidates.compose(chosen, tmp_path)
    assert list(ensemble.columns) == list(first.columns)
    own = ["logit_AU4", *(name for name in second if name.startswith("logit_") and "AU" not in name)]
    assert ensemble[own].equals(second[own])
    assert ensemble.drop(columns=own).equals(first.drop(columns=own))


def test_other_frames_are_an_error(tmp_path: Path) -> None:
    predictions = predict(frame_table(), noise=1)
    write(tmp_path, "visual", "all", predictions)
    write(tmp_path, "sequence", "some", predictions[1:])
    chosen = dict.fromkeys(scoring.UNITS, Candidate("toy", "visual", "all"))
    chosen["AU4"] = Candidate("toy", "sequence", "some")
    with pytest.raises(UserError, match="predict other frames"):
        candidates.compose(chosen, tmp_path)
