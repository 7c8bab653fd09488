"""Choices that no video had a part in which they are scored on.

A stage that chooses does so three times: on each half of the validation videos, for the other half's scores, and on
all of them, for whoever predicts another video. So every validation video is scored, and none flatters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pandas as pd

from stages.core.errors import UserError
from stages.core.files import write_parquet
from stages.scoring.tables.halves import FIRST, SECOND, half_of, halves
from stages.scoring.tables.labelled import KEYS, validation

ALL = "all"
PARTS = (FIRST, SECOND, ALL)  # of the validation videos, to choose on
JUDGED_BY = {FIRST: SECOND, SECOND: FIRST}  # half that is scored -> half that was chosen on
Tables = Mapping[str, pd.DataFrame]
T = TypeVar("T")


def chosen_on(frame_table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Labelled validation frames of each part."""
    labels, sides = validation(frame_table), halves(frame_table)
    own = {half: labels[half_of(labels["trial"], sides, half)].reset_index(drop=True) for half in JUDGED_BY}
    return {**own, ALL: labels}


def for_each(choose: Callable[[str], T]) -> dict[str, T]:
    """What is chosen on each part."""
    return {part: choose(part) for part in PARTS}


def held_out(tables: Tables, frame_table: pd.DataFrame) -> pd.DataFrame:
    """Predictions of all validation frames, each half's by what was chosen on the other.

    `tables`: predictions by what was chosen on each part. Of frames in neither half those of `all`.
    """
    sides = halves(frame_table)
    own = [
        tables[chosen][half_of(tables[chosen]["trial"], sides, half)] for half, chosen in JUDGED_BY.items()
    ]
    rest = tables[ALL][~tables[ALL]["trial"].isin(sides)]
    return pd.concat([*own, rest]).sort_values(KEYS, ignore_index=True)


def write_parts(folder: Path, tables: Tables) -> None:
    """A table a part."""
    for part, table in tables.items():
        write_parquet(path_of(folder, part), table)


def read_parts(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of `write_parts`. Errors: UserError where they are not there."""
    return for_each(lambda part: _read(path_of(folder, part)))


def path_of(folder: Path, part: str) -> Path:
    """Where a part's table lies."""
    return folder / f"{part}.parquet"


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UserError(f"{path}: missing; run dvc repro, which runs the stage that writes it")
    return pd.read_parquet(path)
