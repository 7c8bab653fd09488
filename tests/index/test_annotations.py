from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.index.annotations import faults, read_track
from tests.index.trees import HEADER_2020, HEADER_2022, HEADERS, au

NAN = np.nan


def write(path: Path, header: str, *rows: str, end: str = "\n") -> Path:
    path.write_text("\n".join([header, *rows]) + end)
    return path


def test_valence_arousal(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", HEADERS["VA"], "0.25,-1", "-5,-5", "-5,0.3", "0.3,-5.0", "1,0")
    track = read_track(path, "VA")
    expected = [[0.25, -1], [NAN, NAN], [NAN, NAN], [NAN, NAN], [1, 0]]
    np.testing.assert_array_equal(track.values, np.float32(expected))
    assert track.rows == 5 and track.labelled.tolist() == [True, False, False, False, True]


def test_minus_one_is_a_valence_and_no_gap(tmp_path: Path) -> None:
    assert read_track(write(tmp_path / "v.txt", HEADERS["VA"], "-1,-1"), "VA").labelled.all()


def test_expressions_of_2021(tmp_path: Path) -> None:
    track = read_track(write(tmp_path / "v.txt", HEADERS["EXPR"], "0", "-1", "6"), "EXPR")
    np.testing.assert_array_equal(track.values[:, 0], [0, NAN, 6])


def test_other_of_2022_is_not_annotated_but_counted(tmp_path: Path) -> None:
    track = read_track(write(tmp_path / "v.txt", HEADER_2022, "7", "-1", "6", "7"), "EXPR")
    np.testing.assert_array_equal(track.values[:, 0], [NAN, NAN, 6, NAN])
    assert track.other == 2


@pytest.mark.parametrize(("policy", "kept"), [("drop", [True, False, False]), ("keep", [True, True, False])])
def test_action_units_partly_annotated(tmp_path: Path, policy: str, kept: list[bool]) -> None:
    rows = [au(6), "-1,1" + ",0" * 10, ",".join(["-1"] * 12)]
    track = read_track(write(tmp_path / "v.txt", HEADERS["AU"], *rows), "AU", policy)
    assert track.labelled.tolist() == kept and track.partial == 1
    assert track.values[0].tolist() == [0.0] * 6 + [1.0] + [0.0] * 5
    if policy == "keep":
        assert np.isnan(track.values[1, 0]) and track.values[1, 1] == 1


def test_eight_units_of_2020_take_their_places(tmp_path: Path) -> None:
    track = read_track(write(tmp_path / "v.txt", HEADER_2020, "1,0,0,0,1,0,1,0"), "AU")
    values = dict(zip(AU_NAMES, track.values[0], strict=True))
    assert values["AU1"] == 1 and values["AU12"] == 1 and values["AU25"] == 0
    assert {name for name, value in values.items() if np.isnan(value)} == {
        "AU7", "AU10", "AU23", "AU24", "AU26",
    }  # fmt: skip
    assert track.partial == 0


@pytest.mark.parametrize("end", ["", "\n", "\n\n \n", "\r\n"])
def test_ends_of_files_and_lines(tmp_path: Path, end: str) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(("\ufeffvalence, Arousal \r\n0.5, 0.25\r\n1,0" + end).encode())
    np.testing.assert_array_equal(read_track(path, "VA").values, [[0.5, 0.25], [1, 0]])


FAULTS = [
    ("AU", HEADERS["VA"], ["0,0"], "line 1: the header is 'valence,arousal', AU files have 'AU1,AU2"),
    ("AU", HEADERS["AU"].replace("AU1,AU2", "AU2,AU1"), [au()], "line 1: the header is"),
    ("EXPR", "Neutral,Anger", ["0"], "line 1: the header is"),
    ("VA", "", ["0,0"], "line 1: is empty"),
    ("VA", HEADERS["VA"], [], "has a header but no rows"),
    ("AU", HEADERS["AU"], [au(), "0,0,0"], "line 3: has 3 values instead of 12"),
    ("AU", HEADERS["AU"], [au() + ",0"], "line 2: has 13 values instead of 12"),
    ("VA", HEADERS["VA"], ["0,0", "", "0,0"], "line 3: has 1 values instead of 2"),
    ("EXPR", HEADERS["EXPR"], ["0", "", "1"], "line 3: '' is no row of numbers"),
    ("EXPR", HEADERS["EXPR"], ["0", "7"], "line 3: '7' is out of range, values are -1 to 6"),
    ("EXPR", HEADER_2022, ["8"], "line 2: '8' is out of range, values are -1 to 7"),
    ("EXPR", HEADERS["EXPR"], ["0.5"], "line 2: '0.5' is out of range"),
    ("AU", HEADERS["AU"], [au(), au().replace("0", "2")], "line 3: '2,2,2,2,2,2,2,2,2,2,2,2' is out"),
    ("VA", HEADERS["VA"], ["0,1.01"], "line 2: '0,1.01' is out of range, values are -1 to 1, or -5"),
    ("VA", HEADERS["VA"], ["0,nan"], "line 2: '0,nan' is out of range"),
    ("VA", HEADERS["VA"], ["0,0", "0,x"], "line 3: '0,x' is no row of numbers"),
]


@pytest.mark.parametrize(("task", "header", "rows", "sentence"), FAULTS)
def test_faults_name_file_and_line(
    tmp_path: Path, task: str, header: str, rows: list[str], sentence: str
) -> None:
    path = write(tmp_path / "video1.txt", header, *rows)
    with pytest.raises(UserError) as caught:
        read_track(path, task)
    assert str(path) in str(caught.value) and sentence in str(caught.value)
    assert faults(path, task)[0] == str(caught.value)


def test_all_faults_of_a_file_are_found(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", HEADERS["VA"], "0,0", "0", "2,0", "0,0", "a,b")
    assert [text.split(", line ")[1][0] for text in faults(path, "VA")] == ["3", "4", "6"]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"valence,arousal\n\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as text"):
        read_track(path, "VA")


def test_a_good_file_has_no_faults(tmp_path: Path) -> None:
    assert faults(write(tmp_path / "v.txt", HEADERS["AU"], au(), au(1)), "AU") == []
