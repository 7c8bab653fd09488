from __future__ import annotations

import pytest

from stages.scoring.tables.halves import halves
from stages.scoring.tables.labelled import UNITS
from stages.scoring.tables.measures import Criterion
from stages.smooth.widths import Params, choose_widths
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict


def test_noise_is_smoothed_and_what_is_right_is_left_alone() -> None:
    table = frame_table(trials=8)
    noisy, clean = predict(table, noise=2), predict(table, noise=0)
    noisy["logit_AU23"] = clean["logit_AU23"]
    widths = choose_widths(table, noisy, Params(widths=[1, 5, 10], criterion="score", margin=0.005))
    assert widths["AU23"] == 1 and widths["AU1"] > 1 and widths["valence"] > 1
    assert set(widths) == set(UNITS)


def test_one_is_always_in_the_grid() -> None:
    table = frame_table(trials=8)
    assert set(
        choose_widths(
            table, predict(table, noise=0), Params(widths=[24], criterion="f1", margin=0.0)
        ).values()
    ) == {1}


def test_the_scoring_half_has_no_say() -> None:
    table = frame_table(trials=8)
    clean, noisy = predict(table, noise=0), predict(table, noise=2)
    held = noisy["trial"].map(halves(table)).eq("scoring")
    assert set(
        choose_widths(
            table, clean.mask(held, noisy), Params(widths=[1, 5, 10], criterion="score", margin=0.0)
        ).values()
    ) == {1}


@pytest.mark.parametrize(("criterion", "width"), [("f1", 13), ("score", 1)])
def test_widths_are_chosen_by_the_criterion(criterion: Criterion, width: int) -> None:
    """A peak at every first positive, so high that smoothing spreads it to all positives and far beyond."""
    table, _, shy = keen_and_shy()
    shy["logit_AU1"] = shy["logit_AU1"].mask(shy["logit_AU1"] > 0, 99)
    assert choose_widths(table, shy, Params(widths=[1, 13], criterion=criterion, margin=0.0))["AU1"] == width
