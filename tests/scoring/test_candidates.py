from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.epochs import checkpoint_name
from stages.core.errors import UserError
from stages.core.labels import EXPRESSION_LOGITS, VA_NAMES
from stages.scoring import candidates
from stages.scoring.candidates import Candidate
from stages.scoring.tables import labelled, measures
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict, scored, with_gaps, write

STEPS = ["visual", "audio", "sequence"]


def test_found_in_the_order_of_the_steps_the_longest_trained_first(tmp_path: Path) -> None:
    predictions = predict(frame_table(), noise=1)
    places = [("fold2", "epoch_01"), ("fold1", "epoch_01"), ("fold1", "epoch_02"), ("other", "epoch_01")]
    for step, name in places:
        write(tmp_path, step, name, predictions)
    assert candidates.find(tmp_path, "toy", ["fold2", "fold1"]) == [
        Candidate("toy", "fold2", "epoch_01"),
        Candidate("toy", "fold1", "epoch_02"),
        Candidate("toy", "fold1", "epoch_01"),
    ]


def test_epochs_sort_as_numbers(tmp_path: Path) -> None:
    predictions = predict(frame_table(trials=3, frames=10), noise=1)
    epochs = [9, 10, 99, 100, 101]
    for epoch in epochs:
        write(tmp_path, "visual", checkpoint_name(epoch), predictions)
    found = candidates.find(tmp_path, "toy", ["visual"])
    assert [candidate.checkpoint for candidate in found] == [checkpoint_name(epoch) for epoch in epochs[::-1]]
    write(tmp_path, "visual", "best", predictions)
    with pytest.raises(UserError, match="best: is no name of a checkpoint"):
        candidates.find(tmp_path, "toy", ["visual"])


def test_step_without_predictions_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "visual", "epoch_01", predict(frame_table(), noise=1))
    with pytest.raises(UserError, match=r"toy/audio: no predictions; .*toy-audio.*toy\.ensemble\.networks"):
        candidates.find(tmp_path, "toy", STEPS)


def rated(
    root: Path, found: list[Candidate], table: pd.DataFrame, criterion: measures.Criterion
) -> pd.DataFrame:
    rows = labelled.validation(table)
    sums = candidates.summed(found, root, rows)
    return candidates.rate(sums, rows["trial"].unique(), criterion).table


def test_a_rating_is_what_the_frames_of_those_trials_give(tmp_path: Path) -> None:
    table = with_gaps(frame_table(trials=8))
    said = predict(table, noise=1.5)
    write(tmp_path, "visual", "epoch_01", said)
    sums = candidates.summed(
        candidates.find(tmp_path, "toy", ["visual"]), tmp_path, labelled.validation(table)
    )
    rating = candidates.rate(sums, ["v3", "v5", "v7"], "f1")
    own = scored(table, said)
    own = own.where(own.trials.isin(["v3", "v5", "v7"]))
    found = rating.table.iloc[0]
    assert found[list(labelled.UNITS)].to_dict() == pytest.approx(labelled.unit_scores(own, "f1"))
    assert found["overall"] == pytest.approx(np.mean(list(labelled.task_scores(own, "f1").values())))
    official = labelled.official(own)
    assert found["judged"] == pytest.approx((official["AU"] + official["EXPR"]) / 2)
    assert rating.folds[0].shape == (3, len(labelled.UNITS))


def test_the_checkpoint_that_stands_is_the_cards(tmp_path: Path) -> None:
    table = frame_table()
    write(tmp_path, "fold1", "epoch_01", predict(table, noise=0))
    write(tmp_path, "fold1", "epoch_02", predict(table, noise=2))  # the card's
    ratings = rated(tmp_path, candidates.find(tmp_path, "toy", ["fold1"]), table, "score")
    assert candidates.standing(tmp_path, "toy", ["fold1"], ratings)[0].checkpoint == "epoch_02"
    with pytest.raises(UserError, match=r"fold2/card\.json: missing"):
        candidates.standing(tmp_path, "toy", ["fold2"], ratings)


def test_a_choice_on_validation_videos_is_made_anew_on_those_at_hand(tmp_path: Path) -> None:
    """Of equals the first, as the training chooses."""
    table = frame_table()
    for name, noise in (("epoch_01", 2), ("epoch_02", 0), ("epoch_03", 0)):
        write(tmp_path, "visual", name, predict(table, noise=noise))
    card = {"chosen": "epoch_01", "chosen_on": "validation"}
    (tmp_path / "toy/visual/card.json").write_text(json.dumps(card))
    ratings = rated(tmp_path, candidates.find(tmp_path, "toy", ["visual"]), table, "score")
    assert candidates.standing(tmp_path, "toy", ["visual"], ratings)[0].checkpoint == "epoch_02"


def test_best_is_by_the_mean_of_the_tasks_and_of_equals_the_simplest(tmp_path: Path) -> None:
    table = frame_table()
    write(tmp_path, "visual", "epoch_01", predict(table, noise=3))
    write(tmp_path, "audio", "epoch_02", predict(table, noise=0.2))
    write(tmp_path, "sequence", "epoch_03", predict(table, noise=0.2))
    found = candidates.find(tmp_path, "toy", STEPS)
    ratings = rated(tmp_path, found, table, "score")
    assert candidates.best(ratings) == Candidate("toy", "audio", "epoch_02")
    assert ratings.set_index("checkpoint")["overall"].is_monotonic_increasing


def test_overall_is_of_the_tasks_that_a_step_predicts(tmp_path: Path) -> None:
    table = frame_table()
    nothing = dict.fromkeys([*EXPRESSION_LOGITS, *VA_NAMES], float("nan"))
    write(tmp_path, "units", "epoch_01", predict(table, noise=0).assign(**nothing))
    found = candidates.find(tmp_path, "toy", ["units"])
    rating = rated(tmp_path, found, table, "score").iloc[0]
    assert rating["overall"] == 1 and rating[["EXPR", "valence"]].isna().all()


@pytest.mark.parametrize(("criterion", "step"), [("f1", "visual"), ("score", "audio")])
def test_best_is_by_the_criterion(tmp_path: Path, criterion: measures.Criterion, step: str) -> None:
    table, keen, shy = keen_and_shy()
    write(tmp_path, "visual", "epoch_01", keen)
    write(tmp_path, "audio", "epoch_01", shy)
    found = candidates.find(tmp_path, "toy", ["visual", "audio"])
    ratings = rated(tmp_path, found, table, criterion)
    assert candidates.best(ratings) == Candidate("toy", step, "epoch_01")
