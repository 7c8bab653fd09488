from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.extra.coded import find_coded

HEADER = "0,1,2,15,17"  # as BP4D heads its files: a cell over the frame numbers, then AUs


def put(path: Path, content: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def bp4d(root: Path, codes: str, home: str, frames: list[str]) -> None:
    """Codes of the sequence F001_T1, of which frame 7 is not coded, and its pictures."""
    put(root / codes, f"{HEADER}\n7,9,9,9,9\n8,1,0,9,1\n9,0,9,1,0\n11,1,1,1,1\n")
    for frame in frames:
        put(root / home / f"{frame}.jpg")


@pytest.mark.parametrize(
    ("codes", "home"),
    [
        ("AUCoding/AU_OCC/F001_T1.csv", "2D+3D/F001/T1"),
        ("AU_OCC/F001_T1.csv", "F001/T1"),
        ("F001_T1.csv", "F001_T1"),
        ("F001_T1.csv", "Sequences/F001_T1"),
    ],
)
@pytest.mark.parametrize("frames", [["0007", "0008", "0009"], ["7", "8", "9"]])
def test_a_sequence_and_its_pictures(tmp_path: Path, codes: str, home: str, frames: list[str]) -> None:
    bp4d(tmp_path, codes, home, frames)
    found = find_coded(tmp_path)["F001_T1"]  # frame 7 has no code, 11 no picture
    assert found["path"].tolist() == [tmp_path / home / f"{frame}.jpg" for frame in frames[1:]]
    assert found[["AU1", "AU2", "AU15", "AU23"]].to_numpy().tolist() == [[1, 0, -1, -1], [0, -1, 1, -1]]


def test_a_folder_of_stills_with_a_csv(tmp_path: Path) -> None:
    put(tmp_path / "codes.csv", "file,AU15,expression\na/1.jpg,1,9\nb.png,0,Anger\nc.png,9,9\n")
    put(tmp_path / "a/1.jpg"), put(tmp_path / "b.png")
    found = find_coded(tmp_path)["codes"]
    assert found["path"].tolist() == [tmp_path / "a/1.jpg", tmp_path / "b.png"]
    assert found["AU15"].tolist() == [1, 0] and found["expression"].tolist() == [-1, 1]


def test_other_tables_beside_bp4ds_codes_are_left_alone(tmp_path: Path) -> None:
    bp4d(tmp_path, "AUCoding/AU_OCC/F001_T1.csv", "2D+3D/F001/T1", ["8"])
    put(tmp_path / "subjects.csv", "subject,age\nF001,20\n")
    put(tmp_path / "AUCoding/AU_OCC/._F001_T1.csv", "left by macOS")
    assert list(find_coded(tmp_path)) == ["F001_T1"]


def test_a_sequence_that_codes_nothing_of_ours_is_empty(tmp_path: Path) -> None:
    bp4d(tmp_path, "F001_T1.csv", "F001_T1", ["8"])
    put(tmp_path / "F001_T2.csv", f"{HEADER}\n8,9,9,9,1\n")
    tables = find_coded(tmp_path)
    assert [len(tables[name]) for name in ("F001_T1", "F001_T2")] == [1, 0]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent: there is no such folder"):
        find_coded(tmp_path / "absent")
    with pytest.raises(UserError, match=r"holds neither images\.npy nor AU codes"):
        find_coded(tmp_path)
    put(tmp_path / "F001_T1.csv", f"{HEADER}\n8,9,9,9,1\n")
    with pytest.raises(UserError, match=r"F001_T1\.csv: codes no AU that is recognised here"):
        find_coded(tmp_path)
    put(tmp_path / "F001_T1.csv", f"{HEADER}\n8,1,9,9,1\n")
    with pytest.raises(UserError, match=r"F001_T1\.csv: its pictures are not there; put them in .*F001/T1"):
        find_coded(tmp_path)
    put(tmp_path / "F001/T1/face.jpg")
    with pytest.raises(UserError, match=r"F001/T1: holds no picture named by its frame number"):
        find_coded(tmp_path)
    put(tmp_path / "F001/T1/1.jpg")
    with pytest.raises(UserError, match=r"F001_T1\.csv: none of its frames is among the pictures"):
        find_coded(tmp_path)


def test_a_picture_that_a_line_names_must_be_there(tmp_path: Path) -> None:
    put(tmp_path / "codes.csv", "file,AU15\na.jpg,1\nb.jpg,0\n")
    put(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"codes\.csv, line 3: there is no picture .*b\.jpg"):
        find_coded(tmp_path)
