from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from stages.core.labels import AU_LOGITS, AU_NAMES, VA_NAMES
from stages.scoring import figures
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table, keen_and_shy, predict, scored, with_gaps


def test_perfect_predictions_score_one() -> None:
    table = frame_table()
    scored, counts = labelled.join(labelled.validation(table), predict(table, noise=0), "drop")
    assert labelled.official(scored) == pytest.approx({"AU": 1, "EXPR": 1, "VA": 1})
    assert counts == {"labelled": 240, "without_prediction": 0, "filled": 0, "dropped": 0}


def test_macro_f1_is_the_mean_of_both_classes_as_sklearn_has_it() -> None:
    table = with_gaps(frame_table())
    own = scored(table, predict(table, noise=1.5))
    said = own.predicted[list(AU_LOGITS)].to_numpy() > 0
    each = []
    for place in range(len(AU_NAMES)):
        known = own.units[:, place] >= 0
        each.append(f1_score(own.units[known, place], said[known, place], average="macro"))
    assert labelled.macro_f1(own) == {"AU": pytest.approx(np.mean(each))}
    assert np.mean(each) != pytest.approx(labelled.action_units(own).f1, abs=0.01)


def test_labels_of_training_trials_do_not_count() -> None:
    table = frame_table()
    table.loc[table["trial"] == "v2", "au_split"] = "train"
    labels = labelled.validation(table)
    assert sorted(labels["trial"].unique()) == ["v2", "v3", "v4", "v5"]  # v2 still validates expressions
    assert (labels.loc[labels["trial"] == "v2", list(AU_NAMES)] == -1).all(axis=None)
    assert (labels.loc[labels["trial"] == "v2", "expression"] >= 0).all()


def test_frames_without_a_prediction_are_dropped_or_filled_within_the_trial() -> None:
    table = frame_table(trials=3, frames=20, train=1)
    predictions = predict(table, noise=0)
    predictions["valence"] = predictions["frame"].astype(float)
    gone = (predictions["trial"].eq("v1") & predictions["frame"].isin([5, 6, 20])) | (
        predictions["trial"].eq("v2") & predictions["frame"].le(2)
    )
    labels = labelled.validation(table)
    dropped, counts = labelled.join(labels, predictions[~gone], "drop")
    assert counts == {"labelled": 40, "without_prediction": 5, "filled": 0, "dropped": 5}
    assert len(dropped.trials) == 35
    filled, counts = labelled.join(labels, predictions[~gone], "fill")
    assert counts == {"labelled": 40, "without_prediction": 5, "filled": 5, "dropped": 0}
    said = filled.predicted["valence"].tolist()
    assert said[4:7] == [4, 4, 7]  # the previous frame's
    assert said[19:23] == [19, 3, 3, 3]  # v2 begins with its own first, not with v1's last


def test_trial_without_predictions_is_dropped_under_fill() -> None:
    table = frame_table(trials=3, frames=20, train=1)
    predictions = predict(table, noise=0)
    _, counts = labelled.join(labelled.validation(table), predictions[predictions["trial"] == "v1"], "fill")
    assert counts == {"labelled": 40, "without_prediction": 20, "filled": 0, "dropped": 20}


def test_rows_are_matched_by_trial_and_frame_not_by_position() -> None:
    table = frame_table()
    shuffled = predict(table, noise=0).sample(frac=1, random_state=1)
    scored, _ = labelled.join(labelled.validation(table), shuffled, "drop")
    assert labelled.official(scored)["AU"] == 1


def test_head_that_a_system_lacks_is_not_scored() -> None:
    table = frame_table()
    predictions = predict(table, noise=0).drop(columns=list(VA_NAMES)).assign(**{AU_LOGITS[0]: np.nan})
    scored, _ = labelled.join(labelled.validation(table), predictions, "fill")
    measured = figures.figures(scored)
    assert np.isnan(measured["va"]["ccc"]) and np.isnan(measured["au"]["per_unit"]["AU1"])
    assert measured["au"]["score"] == 1


def test_unit_scores_are_shares_of_the_official_measure() -> None:
    table = frame_table()
    scored, _ = labelled.join(labelled.validation(table), predict(table, noise=1.5), "drop")
    units = labelled.unit_scores(scored, "score")
    official = labelled.official(scored)
    assert np.mean([units[name] for name in AU_NAMES]) == pytest.approx(official["AU"])
    assert units["EXPR"] == pytest.approx(official["EXPR"])
    assert np.mean([units[name] for name in VA_NAMES]) == pytest.approx(official["VA"])
    assert labelled.unit_scores(scored, "f1")["AU1"] == figures.figures(scored)["au"]["per_unit"]["AU1"]


def test_what_is_maximised_follows_the_criterion() -> None:
    """ABAW2's measures under "score", those of ABAW3 under "f1"; VA is CCC under both."""
    table = frame_table()
    scored, _ = labelled.join(labelled.validation(table), predict(table, noise=1.5), "drop")
    units, faces = labelled.action_units(scored), labelled.expressions(scored)
    score, f1 = labelled.task_scores(scored, "score"), labelled.task_scores(scored, "f1")
    assert score == labelled.official(scored)
    assert score["AU"] == pytest.approx(0.5 * units.f1 + 0.5 * units.accuracy)
    assert score["EXPR"] == pytest.approx(0.67 * faces.f1 + 0.33 * faces.accuracy)
    assert (f1["AU"], f1["EXPR"], f1["VA"]) == (units.f1, faces.f1, score["VA"])


def test_criteria_disagree_about_who_is_keen_and_who_is_shy() -> None:
    """What the tests of all that chooses rest on."""
    table, *both = keen_and_shy()
    keen, shy = (labelled.join(labelled.validation(table), own, "drop")[0] for own in both)
    for task in ("AU", "EXPR"):
        assert labelled.task_scores(keen, "f1")[task] > labelled.task_scores(shy, "f1")[task]
        assert labelled.task_scores(keen, "score")[task] < labelled.task_scores(shy, "score")[task]
