from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.core.errors import UserError
from stages.index.mtl import mtl_faults, read_mtl
from tests.index.trees import au

HEADER = "image,valence,arousal,expression,aus"
NONE = ",".join(["-1"] * 12)


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_rows_go_to_their_trial_frame_and_task(tmp_path: Path) -> None:
    path = write(
        tmp_path / "train_set.txt",
        f"a_left/00003.jpg,0.5,-0.5,4,{au(6)}",
        f"a_left/00001.jpg,-5,-5,-1,{au()}",
        f"10_1/00002.jpg,0.1,0.2,7,{NONE}",
    )
    trials = read_mtl(path)
    assert sorted(trials) == ["10_1", "a_left"]
    left = trials["a_left"]
    assert left["VA"].labelled.tolist() == [False, False, True] and left["VA"].rows == 2
    assert left["EXPR"].values[2, 0] == 4
    assert left["AU"].labelled.tolist() == [True, False, True] and left["AU"].values[2, 6] == 1
    other = trials["10_1"]
    assert other["EXPR"].other == 1 and not other["EXPR"].labelled.any() and not other["AU"].labelled.any()
    np.testing.assert_allclose(other["VA"].values[1], [0.1, 0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (f"a/00001.jpg,0,0,0,{au()},1", "line 2: has 17 values instead of 16"),
        (f"a/00001.png,0,0,0,{au()}", "line 2: 'a/00001.png' is no <video>/<number>.jpg"),
        (f"a/00000.jpg,0,0,0,{au()}", "line 2: 'a/00000.jpg' is no <video>/<number>.jpg"),
        (f"a/00001.jpg,0,3,0,{au()}", "is out of range in VA"),
        (f"a/00001.jpg,0,0,9,{au()}", "is out of range in EXPR"),
        (f"a/00001.jpg,0,0,0,{au().replace('0', '3')}", "is out of range in AU"),
        (f"a/00001.jpg,0,x,0,{au()}", "is no row of numbers"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, row: str, sentence: str) -> None:
    path = write(tmp_path / "train_set.txt", row)
    with pytest.raises(UserError) as caught:
        read_mtl(path)
    assert str(path) in str(caught.value) and sentence in str(caught.value)
    assert mtl_faults(path) == [str(caught.value)]


def test_wrong_header(tmp_path: Path) -> None:
    path = write(tmp_path / "train_set.txt", "x", header="valence,arousal")
    with pytest.raises(UserError, match="line 1: the header is"):
        read_mtl(path)


@pytest.mark.parametrize("number", ["1000000000", "9" * 20, "9" * 5000])
def test_a_number_does_not_ask_for_memory(number: str, tmp_path: Path) -> None:
    row = f"v/{number}.jpg,0,0,0,{','.join(['0'] * 12)}"
    path = tmp_path / "train_set.txt"
    path.write_text(f"{HEADER}\n{row}\n")
    with pytest.raises(UserError, match=r"train_set\.txt"):
        read_mtl(path)
