from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.extra.codes import read_codes


def written(folder: Path, *lines: str) -> Path:
    path = folder / "codes.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("titles", ["1,4,12,17", "AU1,AU4,AU12,AU17", "AU01, au04 ,AU_12,AU 17"])
def test_headings_of_all_forms_and_units_we_do_not_know(tmp_path: Path, titles: str) -> None:
    table = read_codes(written(tmp_path, f"frame,{titles}", "0007,1,0,9,1", "", "0008,0.0,-1,,0"))
    assert table["picture"].tolist() == ["0007", "0008"] and table["line"].tolist() == [2, 4]
    assert table[["AU1", "AU4", "AU12"]].to_numpy().tolist() == [[1, 0, -1], [0, -1, -1]]
    others = [name for name in AU_NAMES if name not in ("AU1", "AU4", "AU12")]
    assert (table[[*others, "expression"]] == -1).all(axis=None)
    assert (table.drop(columns=["picture", "line"]).dtypes == "int8").all()


def test_expressions_by_name_and_number_and_columns_of_other_kinds(tmp_path: Path) -> None:
    path = written(tmp_path, "file,subject,AU04_r,expression", "a.jpg,7,2.5,Fear", "b.jpg,8,0,6", "c.jpg,,,")
    table = read_codes(path)
    assert table["expression"].tolist() == [3, 6, -1]
    assert (table[list(AU_NAMES)] == -1).all(axis=None)


def test_a_sheet_saved_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes("\ufeff1,2\r\n5,1\r\n".encode())
    assert read_codes(path)["AU2"].tolist() == [1]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["frame,1,4", "1,0,2"], r"line 2, column AU4: is '2'; write 0 or 1, and 9"),
        (["frame,1,4", "1,0,0", "2,no,0"], r"line 3, column AU1: is 'no'"),
        (["file,expression", "a.jpg,7"], r"line 2, column expression: is '7'; write one of the seven names"),
        (["frame,1,4", "1,0"], r"line 2: has 2 cells, the header 3"),
        (["frame,AU1,01", "1,0,0"], r"line 1: two columns are headed AU1"),
        (["frame,14,17", "1,0,0"], r"line 1: heads no column of AU1, AU2"),
        ([""], r"codes\.csv: is empty"),
    ],
)
def test_faults_name_line_and_column(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        read_codes(written(tmp_path, *lines))
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError, match=r"codes\.csv: cannot be read as a CSV file"):
        read_codes(tmp_path / "codes.csv")
