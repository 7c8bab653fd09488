from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, VA_NAMES
from stages.index.annotations import read_track
from stages.predict.outputs import frame_rows, predicted_tasks, write_annotations, write_rows

TIMES = np.array([0.0, 0.04, 0.09, 0.12])  # four frames, the second without a face


@pytest.fixture
def rows() -> pd.DataFrame:
    faces = pd.DataFrame({"frame": np.int32([1, 3, 4])})
    for column, name in enumerate(("x0", "y0", "x1", "y1")):
        faces[name] = np.float32(10.0 * column)
    predictions = pd.DataFrame({"frame": np.int32([1, 3, 4])})
    predictions[list(AU_LOGITS)] = np.float32(-2.0)
    predictions["logit_AU12"] = np.float32([0.0, np.log(3), -np.log(3)])
    predictions[list(EXPRESSION_LOGITS)] = np.float32(0.0)
    predictions["logit_Happiness"] = np.float32([0.0, np.log(6), 0.0])
    predictions["valence"], predictions["arousal"] = np.float32([0.5, -1, 0]), np.float32(0.25)
    return frame_rows(predictions, faces, TIMES)


def test_a_row_for_every_frame(rows: pd.DataFrame) -> None:
    assert list(rows) == ["frame", "time", "x0", "y0", "x1", "y1", *AU_NAMES, *EXPRESSIONS, *VA_NAMES]
    assert rows["frame"].tolist() == [1, 2, 3, 4] and rows["time"].tolist() == TIMES.tolist()
    assert rows.iloc[1, 2:].isna().all() and rows.drop(index=1).notna().all(axis=None)


def test_probabilities(rows: pd.DataFrame) -> None:
    np.testing.assert_allclose(rows.loc[[0, 2, 3], "AU12"], [0.5, 0.75, 0.25], rtol=1e-6)
    np.testing.assert_allclose(rows.loc[2, ["Happiness", "Fear"]].astype(float), [0.5, 1 / 12], rtol=1e-6)
    np.testing.assert_allclose(rows.loc[[0, 2, 3], list(EXPRESSIONS)].sum(axis=1), 1, rtol=1e-6)


def test_tables_are_the_same_in_both_forms(rows: pd.DataFrame, tmp_path: Path) -> None:
    write_rows(tmp_path, "clip", rows)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "clip.parquet"), rows)
    written = pd.read_csv(tmp_path / "clip.csv")
    np.testing.assert_allclose(written, rows, atol=1e-5)


def test_the_annotation_reader_reads_what_is_written(rows: pd.DataFrame, tmp_path: Path) -> None:
    write_annotations(tmp_path, "clip", rows, ("AU", "EXPR", "VA"))
    units, expressions, affect = (
        read_track(tmp_path / f"{task}_Set/clip.txt", task) for task in ("AU", "EXPR", "VA")
    )
    for track in (units, expressions, affect):
        assert track.rows == 4 and track.labelled.tolist() == [True, False, True, True]
    assert units.values[[0, 2, 3], 6].tolist() == [1, 1, 0] and units.values[0].sum() == 1
    assert expressions.values[2, 0] == 4
    np.testing.assert_allclose(affect.values[2], [-1, 0.25])


def test_a_system_without_a_head_is_empty_there(rows: pd.DataFrame) -> None:
    assert predicted_tasks(rows) == ["AU", "EXPR", "VA"]
    assert predicted_tasks(rows.assign(valence=np.nan, arousal=np.nan)) == ["AU", "EXPR"]
    nobody = rows.copy()
    nobody.loc[:, "x0":] = np.nan
    assert predicted_tasks(nobody) == ["AU", "EXPR", "VA"]


def test_units_that_a_system_does_not_know_are_empty_not_absent(rows: pd.DataFrame, tmp_path: Path) -> None:
    some = rows.assign(**dict.fromkeys(["AU7", "AU10"], np.nan))
    assert predicted_tasks(some) == ["AU", "EXPR", "VA"]
    write_annotations(tmp_path, "clip", some, ["AU"])
    write_rows(tmp_path, "clip", some)
    units = (tmp_path / "AU_Set/clip.txt").read_text().splitlines()[1:]
    assert units == ["0,0,0,0,-1,-1,1,0,0,0,0,0", ",".join(["-1"] * 12),
                     "0,0,0,0,-1,-1,1,0,0,0,0,0", "0,0,0,0,-1,-1,0,0,0,0,0,0"]  # fmt: skip
    assert read_track(tmp_path / "AU_Set/clip.txt", "AU", partial_au="keep").labelled.sum() == 3
    assert pd.read_csv(tmp_path / "clip.csv")["AU7"].isna().all()


def test_units_beyond_the_twelve_stand_at_the_end() -> None:
    predictions = pd.DataFrame({"frame": np.int32([1, 3]), "logit_AU20": np.float32([0, np.log(3)])})
    predictions[[*AU_LOGITS, *EXPRESSION_LOGITS, *VA_NAMES]] = np.float32(np.nan)
    faces = pd.DataFrame({"frame": np.int32([1, 3])}).assign(x0=0.0, y0=0.0, x1=1.0, y1=1.0)
    found = frame_rows(predictions, faces, TIMES)
    assert found.columns[-1] == "AU20" and found["AU1"].isna().all()
    np.testing.assert_allclose(found["AU20"], [0.5, np.nan, 0.75, np.nan], rtol=1e-6)
