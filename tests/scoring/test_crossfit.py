from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.scoring.crossfit import ALL, PARTS, chosen_on, held_out, read_parts, write_parts
from stages.scoring.tables.halves import FIRST, SECOND, halves
from stages.scoring.tables.labelled import validation
from tests.scoring.prediction_tables import frame_table, predict


@pytest.fixture
def table() -> pd.DataFrame:
    return frame_table(trials=9)


def test_halves_share_no_video_and_make_up_all(table: pd.DataFrame) -> None:
    rows = chosen_on(table)
    first, second = (set(rows[half]["trial"]) for half in (FIRST, SECOND))
    assert first and second and not first & second
    assert first | second == set(rows[ALL]["trial"]) == set(validation(table)["trial"])


def test_each_half_is_told_by_what_was_chosen_on_the_other(table: pd.DataFrame) -> None:
    said = predict(table, noise=0)
    tables = {part: said.assign(valence=float(place)) for place, part in enumerate(PARTS)}
    whole = held_out(tables, table)
    assert whole[["trial", "frame"]].equals(said[["trial", "frame"]])
    sides = halves(table)
    told = {trial: own["valence"].unique().tolist() for trial, own in whole.groupby("trial")}
    assert told == {trial: [1.0 if half == FIRST else 0.0] for trial, half in sides.items()}


def test_tables_of_the_parts_are_read_as_they_were_written(tmp_path: Path, table: pd.DataFrame) -> None:
    tables = {part: predict(table, noise=1, seed=place) for place, part in enumerate(PARTS)}
    write_parts(tmp_path / "toy", tables)
    found = read_parts(tmp_path / "toy")
    assert list(found) == list(PARTS)
    assert all(found[part].equals(tables[part]) for part in PARTS)
    (tmp_path / "toy/second.parquet").unlink()
    with pytest.raises(UserError, match=r"toy/second\.parquet: missing; run dvc repro"):
        read_parts(tmp_path / "toy")
