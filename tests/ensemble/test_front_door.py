from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, VA_NAMES
from stages.ensemble import __main__ as ensemble
from stages.ensemble.mixture import Source, compose
from stages.scoring.candidates import Candidate
from stages.scoring.halves import halves
from stages.scoring.labelled import UNITS
from tests.scoring.tables import frame_table, keen_and_shy, predict, write

GOOD, OTHER = Candidate("toy", "sequence", "epoch_01"), Candidate("toy", "visual", "epoch_02")
STEPS = ["visual", "sequence"]
GREEDY = ensemble.Params(networks=STEPS, method="best", criterion="score", margin=0.0)
CAREFUL = GREEDY.model_copy(update={"margin": 0.01})


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


def chosen(table: pd.DataFrame, root: Path, params: ensemble.Params) -> dict[str, Candidate]:
    """The single source of each unit."""
    selection = ensemble.select(table, root, "toy", params).selection
    assert all([source.weight for source in sources] == [1] for sources in selection.values())
    return {unit: sources[0].candidate for unit, sources in selection.items()}


def test_each_unit_takes_its_best_checkpoint(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"logit_AU15": 9, "arousal": 9})
    found = chosen(table, tmp_path, CAREFUL)
    assert {unit for unit, candidate in found.items() if candidate == OTHER} == {"AU15", "arousal"}
    assert set(found) == set(UNITS)


def test_a_small_gain_does_not_leave_the_best_checkpoint(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"arousal": 0.05})
    assert chosen(table, tmp_path, CAREFUL)["arousal"] == GOOD
    assert chosen(table, tmp_path, GREEDY)["arousal"] == OTHER


def test_the_scoring_half_has_no_say(tmp_path: Path, table: pd.DataFrame) -> None:
    """A checkpoint that is perfect on the scoring half only is not chosen."""
    lay(tmp_path, table, {})
    scoring = [trial for trial, half in halves(table).items() if half == "scoring"]
    predictions = predict(table, noise=0)
    predictions.loc[~predictions["trial"].isin(scoring), predictions.columns[2:]] = -9.0
    write(tmp_path, "audio", "epoch_03", predictions)
    params = GREEDY.model_copy(update={"networks": [*STEPS, "audio"], "criterion": "f1"})
    ratings = ensemble.select(table, tmp_path, "toy", params).ratings
    assert Candidate("toy", "audio", "epoch_03") not in chosen(table, tmp_path, params).values()
    assert ratings.set_index("checkpoint").loc["epoch_03", [*AU_NAMES]].eq(0).all()


def test_what_no_step_predicts_has_no_source(tmp_path: Path, table: pd.DataFrame) -> None:
    """Steps of different tasks: each unit goes to who predicts it, also where no label can tell."""
    predictions, nothing = predict(table, noise=1), dict.fromkeys(VA_NAMES, np.nan)
    write(tmp_path, "visual", "epoch_01", predictions.assign(**nothing, **dict.fromkeys(AU_LOGITS, np.nan)))
    units = predictions.assign(**nothing, **dict.fromkeys(EXPRESSION_LOGITS, np.nan))
    write(tmp_path, "sequence", "epoch_01", units)
    table["AU26"] = np.int8(-1)
    found = chosen(table, tmp_path, GREEDY)
    assert set(found) == set(UNITS) - set(VA_NAMES)
    assert {found[name].step for name in AU_NAMES} == {"sequence"} and found["EXPR"].step == "visual"


def test_mean_weighs_the_steps_own_choices_equally(tmp_path: Path, table: pd.DataFrame) -> None:
    """Whatever the validation videos say: folds choose on training videos that they left out."""
    for step, noise in (("fold1", 5), ("fold2", 0.1)):
        write(tmp_path, step, "epoch_02", predict(table, noise=0))
        write(tmp_path, step, "epoch_01", predict(table, noise=noise))  # the card's choice
    params = ensemble.Params(networks=["fold1", "fold2"], method="mean")
    ratings, members, selection = ensemble.select(table, tmp_path, "toy", params)
    folds = [Source("toy", "fold1", "epoch_01", 0.5), Source("toy", "fold2", "epoch_01", 0.5)]
    assert selection == dict.fromkeys(UNITS, folds)
    shown = ensemble.named(ratings, members)
    assert shown.loc[shown["chosen"].eq(1), "name"].tolist() == ["fold1 epoch_01", "fold2 epoch_01"]


def test_weights_are_searched_for_each_unit(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"logit_AU15": 9})
    params = GREEDY.model_copy(update={"method": "weights", "grid_step": 0.5})
    selection = ensemble.select(table, tmp_path, "toy", params).selection
    assert selection["AU15"] == [Source(*OTHER, 1.0)] and selection["AU1"] == [Source(*GOOD, 1.0)]
    assert compose(selection, tmp_path)["logit_AU15"].notna().all()


@pytest.mark.parametrize(("criterion", "step"), [("f1", "visual"), ("score", "sequence")])
@pytest.mark.parametrize("method", ["best", "weights"])
def test_every_unit_is_chosen_by_the_criterion(
    tmp_path: Path, criterion: str, step: str, method: str
) -> None:
    """Whether it may leave its start or not."""
    table, keen, shy = keen_and_shy()
    write(tmp_path, "visual", "epoch_01", keen)
    write(tmp_path, "sequence", "epoch_01", shy)
    for margin in (0.0, 2.0):
        told = {"criterion": criterion, "method": method, "margin": margin, "start": "best"}
        found = chosen(table, tmp_path, GREEDY.model_copy(update=told))
        assert {candidate.step for candidate in found.values()} == {step}
        assert set(found) == set(UNITS) - set(VA_NAMES)
