from __future__ import annotations

import json
from pathlib import Path

import pytest

from stages.scoring.crossfit import PARTS, held_out, read_parts, write_parts
from stages.scoring.tables.halves import FIRST, SECOND, halves
from stages.scoring.tables.labelled import UNITS, validation
from stages.scoring.tables.measures import Criterion
from stages.smooth.__main__ import run
from stages.smooth.widths import Params, choose_widths
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict


def test_noise_is_smoothed_and_what_is_right_is_left_alone() -> None:
    table = frame_table(trials=8)
    noisy, clean = predict(table, noise=2), predict(table, noise=0)
    noisy["logit_AU23"] = clean["logit_AU23"]
    widths = choose_widths(
        validation(table), noisy, Params(widths=[1, 5, 10], criterion="score", margin=0.005)
    )
    assert widths["AU23"] == 1 and widths["AU1"] > 1 and widths["valence"] > 1
    assert set(widths) == set(UNITS)


def test_one_is_always_in_the_grid() -> None:
    table = frame_table(trials=8)
    assert set(
        choose_widths(
            validation(table), predict(table, noise=0), Params(widths=[24], criterion="f1", margin=0.0)
        ).values()
    ) == {1}


def test_the_half_that_is_scored_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Predictions that are noisy on the second half alone: widths chosen there smooth the first, and no other ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["smooth", "toy"])
    table = frame_table(trials=8)
    clean, noisy = predict(table, noise=0), predict(table, noise=2)
    held = noisy["trial"].map(halves(table)).eq(SECOND)
    predictions, out = clean.mask(held, noisy), Path("data/ensemble/toy")
    write_parts(out, dict.fromkeys(PARTS, predictions))
    (out / "selections.json").write_text(json.dumps({part: {"AU1": []} for part in PARTS}))
    Path("data/index").mkdir()
    table.to_parquet("data/index/frames.parquet")
    block = {"widths": [1, 5, 10], "criterion": "score", "margin": 0.0}
    Path("params.yaml").write_text(json.dumps({"scale": "smoke", "toy": {"smooth": block}}))
    run()
    smoothed = read_parts(Path("data/smooth/toy"))
    assert smoothed[FIRST].equals(predictions)
    assert not smoothed[SECOND]["logit_AU1"][~held].equals(predictions["logit_AU1"][~held])
    whole = held_out(smoothed, table)
    assert whole[held].equals(predictions[held]), "a half is not smoothed by what it asks for itself"
    system = json.loads(Path("models/toy/system.json").read_text())
    assert system["selection"] == {"AU1": []} and system["widths"]["AU1"] > 1


@pytest.mark.parametrize(("criterion", "width"), [("f1", 13), ("score", 1)])
def test_widths_are_chosen_by_the_criterion(criterion: Criterion, width: int) -> None:
    """A peak at every first positive, so high that smoothing spreads it to all positives and far beyond."""
    table, _, shy = keen_and_shy()
    shy["logit_AU1"] = shy["logit_AU1"].mask(shy["logit_AU1"] > 0, 99)
    params = Params(widths=[1, 13], criterion=criterion, margin=0.0)
    assert choose_widths(validation(table), shy, params)["AU1"] == width
