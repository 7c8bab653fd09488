from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, VA_NAMES
from stages.ensemble import __main__ as ensemble
from stages.ensemble.mixture import Source, compose
from stages.scoring import candidates
from stages.scoring.candidates import Candidate
from stages.scoring.crossfit import ALL, chosen_on, held_out, read_parts
from stages.scoring.provenance import read_provenance
from stages.scoring.tables.halves import FIRST, SECOND, halves
from stages.scoring.tables.labelled import UNITS
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict, write

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


def choice(table: pd.DataFrame, root: Path, params: ensemble.Params, part: str = ALL) -> ensemble.Choice:
    """What is chosen on a part of the validation videos."""
    found = candidates.find(root, "toy", params.networks)
    rows = chosen_on(table)
    sums = candidates.summed(found, root, rows[ALL])
    return ensemble.choose(rows[part], sums, root, "toy", params)


def chosen(table: pd.DataFrame, root: Path, params: ensemble.Params, part: str = ALL) -> dict[str, Candidate]:
    """The single source of each unit."""
    selection = choice(table, root, params, part).selection
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


def right_on(table: pd.DataFrame, half: str) -> pd.DataFrame:
    """Predictions that are perfect on one half of the videos, and say nothing on the other."""
    predictions = predict(table, noise=0)
    elsewhere = predictions["trial"].map(halves(table)).ne(half)
    predictions.loc[elsewhere, predictions.columns[2:]] = -9.0
    return predictions


def test_the_half_that_is_scored_has_no_say(tmp_path: Path, table: pd.DataFrame) -> None:
    """A checkpoint that is perfect on one half only is chosen on that, not on the other."""
    lay(tmp_path, table, {})
    lucky = Candidate("toy", "audio", "epoch_03")
    write(tmp_path, lucky.step, lucky.checkpoint, right_on(table, SECOND))
    params = GREEDY.model_copy(update={"networks": [*STEPS, "audio"], "criterion": "f1"})
    assert lucky not in chosen(table, tmp_path, params, FIRST).values()
    assert lucky in chosen(table, tmp_path, params, SECOND).values()


def test_no_video_is_scored_by_a_choice_that_it_had_a_part_in(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checkpoints, each right on one half alone: all that is written of both halves is wrong, network by itself
    and ensemble; what was chosen on all videos is as the files say."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ensemble", "toy"])
    for name, half in (("epoch_01", FIRST), ("epoch_02", SECOND)):
        write(Path("data/predictions"), "visual", name, right_on(table, half))
    card = {"chosen": "epoch_02", "chosen_on": "validation"}
    Path("data/predictions/toy/visual/card.json").write_text(json.dumps(card))
    Path("data/index").mkdir()
    table.to_parquet("data/index/frames.parquet")
    block = {"networks": ["visual"], "method": "best", "criterion": "f1"}
    Path("params.yaml").write_text(json.dumps({"scale": "smoke", "toy": {"ensemble": block}}))
    ensemble.run()
    out = Path("data/ensemble/toy")
    whole = held_out(read_parts(out), table)
    assert len(whole) == len(predict(table, noise=0))
    assert (whole[[*AU_LOGITS, *VA_NAMES]] == -9).all(axis=None)
    assert pd.read_parquet(out / "networks/visual.parquet").equals(whole)
    selections = json.loads((out / "selections.json").read_text())
    assert [selections[part]["AU1"][0]["checkpoint"] for part in (FIRST, SECOND)] == ["epoch_01", "epoch_02"]
    behind = read_provenance(out / "provenance.json")
    used = {source["checkpoint"] for sources in selections[ALL].values() for source in sources}
    assert {source.checkpoint for source in behind.sources} == used


def test_what_no_step_predicts_has_no_source(tmp_path: Path, table: pd.DataFrame) -> None:
    """Steps of different tasks: each unit goes to who predicts it, also where no label can tell."""
    predictions, nothing = predict(table, noise=1), dict.fromkeys(VA_NAMES, np.nan)
    faces = predict(table, noise=0).assign(**nothing, **dict.fromkeys(AU_LOGITS, np.nan))
    write(tmp_path, "visual", "epoch_01", faces)  # the best single one
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
    members, selection = choice(table, tmp_path, params)
    folds = [Source("toy", "fold1", "epoch_01", 0.5), Source("toy", "fold2", "epoch_01", 0.5)]
    assert selection == dict.fromkeys(UNITS, folds)
    assert members == [Candidate("toy", "fold1", "epoch_01"), Candidate("toy", "fold2", "epoch_01")]


EACH = GREEDY.model_copy(update={"method": "best_mean"})


def members(
    table: pd.DataFrame, root: Path, params: ensemble.Params, part: str = ALL
) -> dict[str, list[tuple[str, str]]]:
    """Networks and checkpoints of each unit, which must weigh the same."""
    selection = choice(table, root, params, part).selection
    weights = {round(source.weight * len(own), 9) for own in selection.values() for source in own}
    assert weights == {1}
    return {unit: [(source.step, source.checkpoint) for source in own] for unit, own in selection.items()}


def lay_epochs(root: Path, table: pd.DataFrame, step: str, better: str, noise: float) -> None:
    """Two epochs of a network: the second is good but for one column, which the first alone knows."""
    first, second = predict(table, noise=2, seed=len(step)), predict(table, noise=noise, seed=len(step))
    first[better], second[better] = predict(table, noise=0)[better], -predict(table, noise=0)[better]
    write(root, step, "epoch_01", first)
    write(root, step, "epoch_02", second)


def test_best_mean_takes_each_networks_best_checkpoint_for_the_unit(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    """Jiang et al. 2022, 5; also of the worse network, which "best" would never take."""
    lay_epochs(tmp_path, table, "visual", "logit_AU15", noise=1.0)
    lay_epochs(tmp_path, table, "sequence", "logit_AU4", noise=0.1)
    found = members(table, tmp_path, EACH)
    assert found["AU1"] == [("visual", "epoch_02"), ("sequence", "epoch_02")]
    assert found["AU15"] == [("visual", "epoch_01"), ("sequence", "epoch_02")]
    assert found["AU4"] == [("visual", "epoch_02"), ("sequence", "epoch_01")]
    assert set(found) == set(UNITS)


def test_best_mean_keeps_a_networks_single_best_within_the_margin(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    early, late = predict(table, noise=0.1), predict(table, noise=2)
    early["logit_AU15"], late["logit_AU15"] = -late["logit_AU15"], predict(table, noise=0)["logit_AU15"]
    write(tmp_path, "visual", "epoch_01", early)
    write(tmp_path, "visual", "epoch_02", late)
    for margin, checkpoint in ((0.0, "epoch_02"), (1.1, "epoch_01")):
        found = members(table, tmp_path, EACH.model_copy(update={"networks": ["visual"], "margin": margin}))
        assert found["AU15"] == [("visual", checkpoint)] and found["AU1"] == [("visual", "epoch_01")]


def test_best_mean_asks_a_network_only_for_what_it_predicts(tmp_path: Path, table: pd.DataFrame) -> None:
    """Nor where no label can tell."""
    noisy = predict(table, noise=0.5)
    write(tmp_path, "visual", "epoch_01", noisy.assign(**dict.fromkeys(AU_LOGITS, np.nan)))
    write(tmp_path, "sequence", "epoch_01", noisy.assign(valence=np.nan, arousal=np.nan))
    table["AU26"] = np.int8(-1)
    found = members(table, tmp_path, EACH)
    assert {unit: [step for step, _ in found[unit]] for unit in ("AU1", "AU26", "EXPR", "valence")} == {
        "AU1": ["sequence"],
        "AU26": ["sequence"],
        "EXPR": ["visual", "sequence"],
        "valence": ["visual"],
    }


def test_best_mean_chooses_by_the_criterion_on_its_half(tmp_path: Path) -> None:
    table, keen, shy = keen_and_shy()
    scoring = keen["trial"].map(halves(table)).eq(SECOND)
    for own, other in ((keen, shy), (shy, keen)):
        told = own.where(~scoring, other)  # on the other half it is the other way round
        write(tmp_path, "visual", "epoch_01" if own is keen else "epoch_02", told)
    for criterion, checkpoint in (("f1", "epoch_01"), ("score", "epoch_02")):
        params = EACH.model_copy(update={"networks": ["visual"], "criterion": criterion})
        found = members(table, tmp_path, params, FIRST)
        assert {source for own in found.values() for source in own} == {("visual", checkpoint)}


def test_best_mean_predicts_the_mean_probability(tmp_path: Path, table: pd.DataFrame) -> None:
    rows = predict(table, noise=0)
    write(tmp_path, "visual", "epoch_01", rows.assign(logit_AU1=np.log(0.9 / 0.1)))
    write(tmp_path, "sequence", "epoch_01", rows.assign(logit_AU1=np.log(0.5 / 0.5)))
    predicted = compose(choice(table, tmp_path, EACH).selection, tmp_path)
    np.testing.assert_allclose(predicted["logit_AU1"], np.log(0.7 / 0.3), rtol=1e-6)


def test_weights_are_searched_for_each_unit(tmp_path: Path, table: pd.DataFrame) -> None:
    lay(tmp_path, table, {"logit_AU15": 9})
    params = GREEDY.model_copy(update={"method": "weights", "grid_step": 0.5})
    selection = choice(table, tmp_path, params).selection
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
