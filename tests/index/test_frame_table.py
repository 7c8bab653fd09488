from __future__ import annotations

import numpy as np
import pandas as pd

from stages.index.frame_table import build_frame_table

NAN = np.nan


def test_tasks_of_different_length_are_joined_by_frame() -> None:
    tracks = pd.DataFrame(
        [("AU", "train", "b", "b"), ("VA", "validation", "b", "b"), ("EXPR", "train", "a_left", "a")],
        columns=["task", "split", "trial", "video"],
    )
    au = np.zeros((3, 12), np.float32)
    au[1] = NAN
    au[2, 4] = 1
    values = [au, np.float32([[NAN, NAN], [0.5, -1], [NAN, NAN], [0, 0]]), np.float32([[NAN], [3]])]
    table = build_frame_table(tracks, values)
    assert table[["trial", "video", "frame"]].to_numpy().tolist() == [
        ["a_left", "a", 2], ["b", "b", 1], ["b", "b", 2], ["b", "b", 3], ["b", "b", 4],
    ]  # fmt: skip
    assert table["au_split"].tolist() == ["", "train", "", "train", ""]
    assert table["va_split"].tolist() == ["", "", "validation", "", "validation"]
    assert table["expr_split"].tolist() == ["train", "", "", "", ""]
    assert table["AU7"].tolist() == [-1, 0, -1, 1, -1]
    assert table["expression"].tolist() == [3, -1, -1, -1, -1]
    np.testing.assert_array_equal(table["arousal"], [NAN, NAN, -1, NAN, 0])
    types = {name: str(table[name].dtype) for name in ("frame", "AU1", "expression", "valence")}
    assert types == {"frame": "int32", "AU1": "int8", "expression": "int8", "valence": "float32"}


def test_a_partly_known_row_keeps_what_is_known() -> None:
    tracks = pd.DataFrame([("AU", "train", "a", "a")], columns=["task", "split", "trial", "video"])
    au = np.full((1, 12), NAN, np.float32)
    au[0, 0] = 1
    table = build_frame_table(tracks, [au])
    assert table["AU1"].tolist() == [1] and table["AU2"].tolist() == [-1]
    assert table["au_split"].tolist() == ["train"]
