from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from stages.core import files


def test_json_rounds_and_has_null_for_nan(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a" / "m.json", {"au": {"f1": np.float32(1 / 3)}, "va": [float("nan"), 2]})
    assert json.loads((tmp_path / "a" / "m.json").read_text()) == {"au": {"f1": 0.3333}, "va": [None, 2]}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["m.json"]  # nothing is left beside it


def test_json_that_is_read_again_is_not_rounded(tmp_path: Path) -> None:
    files.write_json(tmp_path / "m.json", {"au": [1 / 3, float("nan")]}, digits=None)
    assert json.loads((tmp_path / "m.json").read_text()) == {"au": [1 / 3, None]}


def test_what_was_not_measured_leaves_no_key() -> None:
    nan = float("nan")
    rows = [{"AU": 0.5, "VA": np.float32(nan), "name": "x"}, {"change": {"AU": nan}}]
    assert files.measured({"steps": rows, "va": {"ccc": nan}}) == {"steps": [{"AU": 0.5, "name": "x"}, {}]}


def test_csv_is_empty_for_nan(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "t.csv", pd.DataFrame({"unit": ["AU1", "AU2"], "f1": [2 / 3, np.nan]}))
    assert (tmp_path / "t.csv").read_text() == "unit,f1\nAU1,0.6667\nAU2,\n"


def test_parquet_is_the_same_twice(tmp_path: Path) -> None:
    table = pd.DataFrame({"trial": ["a"], "frame": [1]}, index=[7])
    for name in ("one", "two"):
        files.write_parquet(tmp_path / f"{name}.parquet", table)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert list(pd.read_parquet(tmp_path / "one.parquet").columns) == ["trial", "frame"]
