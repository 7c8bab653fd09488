from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_LOGITS, EXPRESSION_LOGITS, EXPRESSIONS, VA_NAMES
from stages.ensemble import weight_grid
from stages.ensemble.mixture import mixed_outputs
from stages.ensemble.weight_search import Rules, class_weights, unit_weights
from stages.scoring.tables import labelled
from stages.scoring.tables.measures import Criterion
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict

GREEDY = Rules(step=0.25, criterion="score", margin=0.0, start="best")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return frame_table(trials=8)


def scored(table: pd.DataFrame, *predictions: pd.DataFrame) -> list[labelled.Scored]:
    labels = labelled.validation(table)
    return [labelled.join(labels, own, "drop")[0] for own in predictions]


def remixed(members: list[labelled.Scored], unit: str, weights: np.ndarray) -> labelled.Scored:
    """The first member's rows with one unit composed anew."""
    columns = labelled.COLUMNS[unit]
    outputs = [member.predicted[columns].to_numpy(float) for member in members]
    predicted = members[0].predicted.copy()
    predicted[columns] = mixed_outputs(unit, outputs, weights)
    return members[0]._replace(predicted=predicted)


def without(own: labelled.Scored, unit: str, criterion: labelled.Criterion) -> np.ndarray:
    """A unit's score with each video left out, from frames."""
    kept = [own.where(own.trials != name) for name in sorted(set(own.trials))]
    return np.array([labelled.unit_scores(part, criterion)[unit] for part in kept])


@pytest.mark.parametrize("unit", ["AU4", "EXPR", "arousal"])
@pytest.mark.parametrize("start", ["mean", "best"])
def test_search_is_brute_force(table: pd.DataFrame, unit: str, start: str) -> None:
    members = scored(table, predict(table, noise=1.5, seed=1), predict(table, noise=2, seed=2))
    grid = weight_grid.simplex(2, 0.25)
    folds = [without(remixed(members, unit, row), unit, "score") for row in grid]
    assert grid[3].tolist() == [0.5, 0.5]
    base = int(np.argmax([fold.mean() for fold in folds[:2]]))
    if start == "mean" and not (folds[base] > folds[1 - base]).all():
        base = 3
    least = [(fold - folds[base]).min() for fold in folds]
    expected = int(np.argmax(least)) if max(least) > 0 else base
    rules = GREEDY._replace(start=start)  # type: ignore[arg-type]
    np.testing.assert_allclose(unit_weights(members, rules)[unit], grid[expected])


def test_each_unit_finds_who_knows_it(table: pd.DataFrame) -> None:
    good, bad = predict(table, noise=0.1, seed=1), predict(table, noise=0.1, seed=2)
    good[AU_LOGITS[3]], bad[AU_LOGITS[4]] = -good[AU_LOGITS[3]], -bad[AU_LOGITS[4]]
    weights = unit_weights(scored(table, good, bad), GREEDY)
    assert weights["AU6"].tolist() == [0, 1] and weights["AU7"].tolist() == [1, 0]


def test_a_margin_that_nothing_reaches_leaves_the_start(table: pd.DataFrame) -> None:
    members = scored(table, predict(table, noise=0.1), predict(table, noise=3))
    equal = unit_weights(members, GREEDY._replace(start="mean", margin=2.0))
    np.testing.assert_allclose(list(equal.values()), 0.5)
    best = unit_weights(members, GREEDY._replace(margin=2.0))
    np.testing.assert_allclose(list(best.values()), [[1, 0]] * len(labelled.UNITS))


def test_the_leader_keeps_a_unit_that_nothing_steadily_takes_from_it(table: pd.DataFrame) -> None:
    """The second member leads, also for AU7, where it is wrong; who knows one task only leads nowhere."""
    nothing = dict.fromkeys([*EXPRESSION_LOGITS, *VA_NAMES], np.nan)
    specialist = predict(table, noise=0.1, seed=1).assign(**nothing)
    allround, weak = predict(table, noise=0.5, seed=2), predict(table, noise=1, seed=3)
    allround[AU_LOGITS[4]] = -allround[AU_LOGITS[4]]
    members, rules = scored(table, specialist, allround, weak), GREEDY._replace(start="leader", margin=2.0)
    kept = unit_weights(members, rules)
    np.testing.assert_allclose(list(kept.values()), [[0, 1, 0]] * len(labelled.UNITS))
    left = unit_weights(members, rules._replace(margin=0.05))
    assert left["AU7"][1] < 1 and left["EXPR"].tolist() == [0, 1, 0]


def test_units_that_the_leader_does_not_predict_start_at_their_best(table: pd.DataFrame) -> None:
    leads = predict(table, noise=0.1, seed=1).assign(**dict.fromkeys(VA_NAMES, np.nan))
    members = scored(table, leads, predict(table, noise=3, seed=2), predict(table, noise=1, seed=3))
    weights = unit_weights(members, GREEDY._replace(start="leader", margin=2.0))
    assert weights["AU1"].tolist() == [1, 0, 0] and weights["valence"].tolist() == [0, 0, 1]


def test_the_mean_leaves_out_who_is_beaten_whichever_video_is_left_out(table: pd.DataFrame) -> None:
    near, hopeless = [predict(table, noise=1, seed=seed) for seed in (1, 2)], predict(table, noise=30)
    rules = GREEDY._replace(start="mean", margin=0.2)
    weights = unit_weights(scored(table, near[0], hopeless, near[1]), rules)
    np.testing.assert_allclose(list(weights.values()), [[0.5, 0, 0.5]] * len(labelled.UNITS))


def test_who_does_not_predict_a_unit_has_no_part_in_it(table: pd.DataFrame) -> None:
    nothing = dict.fromkeys(VA_NAMES, np.nan)
    faces = predict(table, noise=1, seed=1).assign(**nothing, **dict.fromkeys(AU_LOGITS, np.nan))
    units = predict(table, noise=1, seed=2).assign(**nothing, **dict.fromkeys(EXPRESSION_LOGITS, np.nan))
    more = predict(table, noise=1, seed=3).assign(**nothing, **dict.fromkeys(AU_LOGITS, np.nan))
    weights = unit_weights(scored(table, faces, units, more), GREEDY._replace(start="mean", margin=2.0))
    assert "valence" not in weights
    assert weights["AU1"].tolist() == [0, 1, 0] and weights["EXPR"].tolist() == [0.5, 0, 0.5]


def test_an_expression_is_taken_from_who_knows_it(table: pd.DataFrame) -> None:
    """One system never says Fear where it should, the other knows nothing else: classes go apart."""
    good = predict(table, noise=0.1, seed=1)
    fear = table.merge(good[["trial", "frame"]])["expression"].eq(EXPRESSIONS.index("Fear"))
    blind = good.assign(logit_Fear=np.float32(-5))
    only = good.assign(**{name: np.float32(0) for name in EXPRESSION_LOGITS})
    only["logit_Fear"] = np.where(fear, 4, -4).astype(np.float32)
    members = scored(table, blind, only)
    found = class_weights(members, np.array([1.0, 0.0]), GREEDY)
    assert set(found) == set(EXPRESSIONS)
    assert found["Fear"][1] > 0 and found["Happiness"].tolist() == [1, 0]


def test_classes_stay_at_the_start_under_a_high_margin(table: pd.DataFrame) -> None:
    members = scored(table, predict(table, noise=2, seed=1), predict(table, noise=2, seed=2))
    found = class_weights(members, np.array([0.25, 0.75]), GREEDY._replace(margin=2.0))
    assert {tuple(weights) for weights in found.values()} == {(0.25, 0.75)}


def test_class_search_never_falls_below_its_start(table: pd.DataFrame) -> None:
    members = scored(table, predict(table, noise=2, seed=1), predict(table, noise=2, seed=2))
    found = class_weights(members, np.array([1.0, 0.0]), GREEDY)
    outputs = [member.predicted[list(EXPRESSION_LOGITS)].to_numpy(float) for member in members]
    columns = [mixed_outputs(name, outputs, weights) for name, weights in found.items()]
    predicted = members[0].predicted.assign(
        **{logit: own[:, 0] for logit, own in zip(EXPRESSION_LOGITS, columns, strict=True)}
    )
    now = labelled.expressions(members[0]._replace(predicted=predicted)).score
    assert now > labelled.expressions(members[0]).score


@pytest.mark.parametrize(("criterion", "place"), [("f1", 0), ("score", 1)])
def test_the_leader_leads_by_the_criterion(criterion: Criterion, place: int) -> None:
    table, *both = keen_and_shy()
    rules = GREEDY._replace(start="leader", margin=2.0, criterion=criterion)
    weights = unit_weights(scored(table, *both), rules)
    assert {tuple(own) for own in weights.values()} == {(float(place == 0), float(place == 1))}


@pytest.mark.parametrize(("criterion", "moves"), [("f1", True), ("score", False)])
def test_classes_are_weighed_by_the_criterion(criterion: Criterion, moves: bool) -> None:
    """Both in equal parts decide as the shy one does: only F1 has reason to leave that."""
    table, *both = keen_and_shy()
    start = np.array([0.5, 0.5])
    found = class_weights(scored(table, *both), start, GREEDY._replace(criterion=criterion))
    assert any((own != start).any() for own in found.values()) is moves
