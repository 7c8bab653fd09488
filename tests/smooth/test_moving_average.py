from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.scoring.tables.labelled import OUTPUTS, UNITS
from stages.smooth.moving_average import COLUMNS, moving_average, smooth
from tests.scoring.prediction_tables import frame_table, predict


@pytest.mark.parametrize("width", [1, 2, 3, 10, 24])
def test_agrees_with_pandas_centred_windows(width: int) -> None:
    values = np.random.default_rng(0).normal(size=(50, 3))
    expected = pd.DataFrame(values).rolling(width, center=True, min_periods=1).mean()
    assert moving_average(values, np.arange(1, 51), width) == pytest.approx(expected.to_numpy())


def test_missing_frames_widen_nothing() -> None:
    values, frames = np.array([[0.0], [3.0], [9.0], [12.0]]), np.array([1, 2, 10, 11])
    assert moving_average(values, frames, 3)[:, 0].tolist() == [1.5, 1.5, 10.5, 10.5]


def test_never_across_trials() -> None:
    table = predict(frame_table(trials=4), noise=0)
    table["valence"] = table["trial"].map({"v2": -1.0, "v3": 1.0}).astype("float32")
    smoothed = smooth(table, {"valence": 24})
    assert smoothed["valence"].tolist() == table["valence"].tolist()


def test_frames_of_a_table_are_those_of_its_column() -> None:
    table = predict(frame_table(trials=4), noise=0).iloc[::5].reset_index(drop=True)
    table["valence"] = np.arange(len(table), dtype=np.float32)
    assert smooth(table, {"valence": 3})["valence"].tolist() == table["valence"].tolist()


def test_each_unit_has_its_own_width() -> None:
    table = predict(frame_table(), noise=1)
    smoothed = smooth(table, {"AU2": 24, "AU23": 1, "EXPR": 10})
    changed = [name for name in OUTPUTS if not smoothed[name].equals(table[name])]
    assert changed == ["logit_AU2", *COLUMNS["EXPR"]]
    alone = smooth(table, {"EXPR": 10})
    assert alone[COLUMNS["EXPR"]].equals(smoothed[COLUMNS["EXPR"]])


def test_width_one_changes_no_bit_and_input_is_kept() -> None:
    table = predict(frame_table(), noise=1)
    before = table.copy()
    assert smooth(table, dict.fromkeys(UNITS, 1)).equals(table)
    smooth(table, dict.fromkeys(UNITS, 10))
    assert table.equals(before)


def test_head_that_a_system_lacks_stays_empty() -> None:
    table = predict(frame_table(), noise=1).assign(arousal=np.float32("nan"))
    smoothed = smooth(table, dict.fromkeys(UNITS, 5))
    assert smoothed["arousal"].isna().all() and smoothed.drop(columns="arousal").notna().all(axis=None)
