from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, PREDICTION_COLUMNS
from stages.ensemble.mixture import Source, compose, describe, parsed, sources_of
from stages.scoring.candidates import Candidate
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table, predict, write

FIRST, SECOND = ("toy", "visual", "first"), ("toy", "sequence", "second")


@pytest.fixture
def tables(tmp_path: Path) -> list[pd.DataFrame]:
    table = frame_table()
    found = [predict(table, noise=1, seed=seed) for seed in (1, 2)]
    for (_, step, name), predictions in zip((FIRST, SECOND), found, strict=True):
        write(tmp_path, step, name, predictions)
    return found


def both(first: float, second: float) -> list[Source]:
    return [Source(*FIRST, first), Source(*SECOND, second)]


def alone(name: tuple[str, str, str]) -> list[Source]:
    return [Source(*name, 1.0)]


def test_single_sources_are_taken_as_they_are(tmp_path: Path, tables: list[pd.DataFrame]) -> None:
    first, second = tables
    selection = dict.fromkeys(labelled.UNITS, alone(FIRST))
    selection["AU4"] = selection["EXPR"] = alone(SECOND)
    ensemble = compose(selection, tmp_path)
    assert tuple(ensemble.columns) == PREDICTION_COLUMNS
    own = ["logit_AU4", *EXPRESSION_LOGITS]
    assert ensemble[own].equals(second[own])
    assert ensemble.drop(columns=own).equals(first.drop(columns=own))


def test_probabilities_are_averaged_and_come_back_as_logits(
    tmp_path: Path, tables: list[pd.DataFrame]
) -> None:
    units = {"AU1": both(0.25, 0.75), "EXPR": both(0.5, 0.5), "valence": both(0.1, 0.9)}
    mixed = compose(units, tmp_path)
    first, second = (table.astype(dict.fromkeys(labelled.OUTPUTS, float)) for table in tables)
    chance = [1 / (1 + np.exp(-table["logit_AU1"])) for table in (first, second)]
    mean = 0.25 * chance[0] + 0.75 * chance[1]
    np.testing.assert_allclose(mixed["logit_AU1"], np.log(mean / (1 - mean)), rtol=1e-5, atol=1e-6)
    powers = [np.exp(table[list(EXPRESSION_LOGITS)].to_numpy()) for table in (first, second)]
    shares = sum(power / power.sum(axis=1, keepdims=True) for power in powers) / 2
    said = np.exp(mixed[list(EXPRESSION_LOGITS)].to_numpy(float))
    np.testing.assert_allclose(said, shares, rtol=1e-5)
    expected = 0.1 * first["valence"] + 0.9 * second["valence"]
    np.testing.assert_allclose(mixed["valence"], expected, rtol=1e-5, atol=1e-6)


def test_by_hand(tmp_path: Path) -> None:
    """Chances 0.2 and 0.9, weights 1 : 3 → 0.725; logits far out stay finite."""
    base = predict(frame_table(trials=3, frames=10), noise=0)
    for (_, step, name), chance in zip((FIRST, SECOND), (0.2, 0.9), strict=True):
        table = base.assign(logit_AU1=np.float32(np.log(chance / (1 - chance))), logit_AU2=np.float32(200))
        write(tmp_path, step, name, table)
    mixed = compose({"AU1": both(0.25, 0.75), "AU2": both(0.5, 0.5)}, tmp_path)
    np.testing.assert_allclose(mixed["logit_AU1"], np.log(0.725 / 0.275), rtol=1e-6)
    np.testing.assert_allclose(mixed["logit_AU2"], 200)


def test_each_expression_may_have_its_own_weights(tmp_path: Path, tables: list[pd.DataFrame]) -> None:
    selection = {name: alone(FIRST) for name in EXPRESSIONS} | {"Fear": both(0.5, 0.5)}
    mixed = np.exp(compose(selection, tmp_path)[list(EXPRESSION_LOGITS)].to_numpy(float))
    powers = [np.exp(table[list(EXPRESSION_LOGITS)].to_numpy(float)) for table in tables]
    shares = [power / power.sum(axis=1, keepdims=True) for power in powers]
    fear = EXPRESSIONS.index("Fear")
    np.testing.assert_allclose(mixed[:, fear], (shares[0] + shares[1])[:, fear] / 2, rtol=1e-5)
    others = np.arange(len(EXPRESSIONS)) != fear
    np.testing.assert_allclose(mixed[:, others], shares[0][:, others], rtol=1e-5)


def test_what_nothing_predicts_is_empty(tmp_path: Path, tables: list[pd.DataFrame]) -> None:
    mixed = compose({name: alone(FIRST) for name in AU_NAMES}, tmp_path)
    assert tuple(mixed.columns) == PREDICTION_COLUMNS
    assert mixed[["valence", *EXPRESSION_LOGITS]].isna().all(axis=None)
    assert set(mixed.dtypes.iloc[2:]) == {np.dtype(np.float32)}


def test_other_frames_are_an_error(tmp_path: Path, tables: list[pd.DataFrame]) -> None:
    write(tmp_path, "sequence", "second", tables[1][1:])
    with pytest.raises(UserError, match=r"parquet: predicts other frames"):
        compose({"AU1": both(0.5, 0.5)}, tmp_path)


def test_rounded_weights_count_in_proportion(tmp_path: Path, tables: list[pd.DataFrame]) -> None:
    thirds, whole = compose({"AU1": both(1 / 3, 2 / 3)}, tmp_path), compose({"AU1": both(1, 2)}, tmp_path)
    assert thirds["logit_AU1"].equals(whole["logit_AU1"])


def test_selection_survives_its_file() -> None:
    selection = {"AU1": both(0.25, 0.75), "EXPR": alone(FIRST)}
    assert parsed(json.loads(json.dumps(describe(selection)))) == selection
    assert sources_of(selection) == [Candidate(*FIRST), Candidate(*SECOND)]
    entry = {"system": "toy", "step": "visual", "checkpoint": "first", "weight": 1.0}
    assert describe(selection)["EXPR"] == [entry]
