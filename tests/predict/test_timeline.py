from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.predict.timeline import binned, edges_of, write_timeline


def rows_of(count: int) -> pd.DataFrame:
    """AU12 on in the second half, nobody there in the last fifth."""
    rows = pd.DataFrame({"frame": np.arange(1, count + 1), "time": np.arange(count) / 25})
    rows[[*AU_NAMES, *EXPRESSIONS, *VA_NAMES]] = 0.02
    rows.loc[rows.index >= count // 2, "AU12"] = 0.98
    rows.loc[rows.index >= count * 4 // 5, [*AU_NAMES, *EXPRESSIONS, *VA_NAMES]] = np.nan
    return rows


def test_what_is_active_is_bright_and_where_nobody_is_seen_is_grey(silent: Path, tmp_path: Path) -> None:
    write_timeline(silent, rows_of(100), tmp_path / "t.png")
    picture = cv2.imread(str(tmp_path / "t.png")).astype(float)[:300]  # the units
    bright = (picture[..., 2] > 200) & (picture[..., 0] < 215) & (np.ptp(picture, axis=-1) > 20)
    columns = np.flatnonzero(bright.any(axis=0))
    middle = picture.shape[1] / 2
    assert len(columns) > 200 and middle - 60 < columns.min() < middle + 60, "AU12, from the middle on"
    rows = np.flatnonzero(bright.sum(axis=1) > 200)
    assert 10 < len(rows) < 60, "one of twelve units"
    grey = (np.abs(picture - 0xD0).max(axis=-1) < 3).sum(axis=0)
    assert np.flatnonzero(grey > 150).min() > picture.shape[1] * 0.7


def test_the_same_rows_give_the_same_bytes(silent: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_timeline(silent, rows_of(30), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_long_films_are_means_of_their_frames() -> None:
    rows = rows_of(1000)
    found = binned(rows, 100)
    assert len(found) == 100 and found["time"].is_monotonic_increasing
    assert found["AU12"].iloc[10] == pytest.approx(0.02) and found["AU12"].iloc[60] == pytest.approx(0.98)
    assert found["AU12"].iloc[-5:].isna().all()
    assert binned(rows, 1000) is rows


def test_borders_lie_between_moments() -> None:
    assert edges_of(np.array([0.0, 1.0, 3.0])).tolist() == [-0.5, 0.5, 2.0, 4.0]
    assert edges_of(np.array([2.0])).tolist() == [2.0, 3.0]
