from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.scoring.tables.labelled import split_table
from stages.training.samples.faces import read_faces, with_faces
from tests.world import GAP, build_world


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    return root


@pytest.fixture
def table(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "data/index/frames.parquet")


def test_labels_of_another_split_are_missing(table: pd.DataFrame) -> None:
    """A task's validation labels must not be trained on where another task trains on the frame."""
    table.loc[table["trial"].eq("t1"), "va_split"] = "validation"
    rows = split_table(table, "train")
    assert rows.loc[rows["trial"].eq("t1"), "valence"].isna().all()
    assert rows.loc[rows["trial"].eq("t1"), "expression"].ge(0).all()
    validation = split_table(table, "validation")
    assert validation.loc[validation["trial"].eq("t1"), "AU1"].eq(-1).all()


def test_rows_are_found_by_frame_number_not_by_place(root: Path, table: pd.DataFrame) -> None:
    rows = with_faces(split_table(table, "train"), root / "data/frames")
    assert not rows["frame"].isin(GAP).any()
    after = rows[rows["trial"].eq("t2") & rows["frame"].eq(GAP.stop)]
    assert after["row"].tolist() == [GAP.start - 1]
    faces = read_faces(rows, root / "data/frames")
    place = int(np.flatnonzero((rows["trial"] == "t2") & (rows["frame"] == GAP.stop))[0])
    stored = np.load(root / "data/frames/t2.npy")[GAP.start - 1]
    assert (faces.images(np.array([place]))[0] == stored).all()


def test_a_trial_that_was_left_out_has_no_rows(root: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no labelled frame has a face"):
        with_faces(table, tmp_path)


def test_a_task_without_labels_is_named(root: Path, table: pd.DataFrame) -> None:
    table["expression"] = np.int8(-1)
    faces = read_faces(with_faces(table, root / "data/frames"), root / "data/frames")
    with pytest.raises(UserError, match="labelled for EXPR"):
        faces.rows(("AU", "EXPR"))
