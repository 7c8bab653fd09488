"""Small result files: equal results, equal bytes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.core.errors import UserError
from stages.core.runtime import atomic_path

DIGITS = 4  # of a measure: far below its spread between seeds


def write_json(path: Path, values: Any, digits: int | None = DIGITS) -> None:
    """Nested figures, rounded; what could not be measured (NaN) is null.

    `digits` None: as they are, for a stage that reads them again, so that they are rounded once.
    """
    with atomic_path(path) as beside:
        beside.write_text(json.dumps(rounded(values, digits), indent=2) + "\n")


def measured(values: Any) -> Any:
    """Nested figures without those that could not be measured (NaN): DVC's metrics are numbers."""
    if isinstance(values, list | tuple):
        return [measured(value) for value in values]
    if not isinstance(values, dict):
        return values
    kept = {key: measured(value) for key, value in values.items()}
    return {key: value for key, value in kept.items() if value != {} and not _unknown(value)}


def _unknown(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)


def read_json(path: Path) -> Any:
    """What the stage `values` has written as JSON. Errors: UserError where it has not run."""
    if not path.exists():
        raise UserError(f"{path}: not there; run dvc repro values")
    return json.loads(path.read_text())


def write_text(path: Path, text: str) -> None:
    """A page, in UTF-8."""
    with atomic_path(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """A table for DVC's plots, rounded; NaN is empty."""
    with atomic_path(path) as beside:
        table.to_csv(beside, index=False, float_format=f"%.{DIGITS}f")


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """A table as Parquet, without its index."""
    with atomic_path(path) as beside:
        table.to_parquet(beside, index=False)


def rounded(values: Any, digits: int | None = DIGITS) -> Any:
    """Floats of nested dicts and lists rounded to `digits` (None: not at all), NaN as None."""
    if isinstance(values, dict):
        return {key: rounded(value, digits) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [rounded(value, digits) for value in values]
    if isinstance(values, float | np.floating):
        return None if _unknown(values) else _round(float(values), digits)
    return values


def _round(value: float, digits: int | None) -> float:
    return value if digits is None else round(value, digits)
