from __future__ import annotations

from pathlib import Path

import numpy as np

from stages.synthesize.filming.annotations import annotate, lengthened, rows_of
from stages.synthesize.filming.cast import Part

ROWS = rows_of(
    aus=np.array([[0, 1] * 6, [1, 0] * 6], np.int8),
    expression=np.array([4, -1], np.int8),
    affect=np.array([[0.5, -0.25], [1.0, -1.0]]),
    known=np.array([True, True]),
)


def test_rows_are_written_as_the_release_writes_them(tmp_path: Path) -> None:
    splits = {"AU": "train", "EXPR": "validation", "VA": "train"}
    annotate(tmp_path, Part("video1_left", "someone", splits), ROWS)

    def read(folder: str) -> list[str]:
        return (tmp_path / "annotations" / folder / "video1_left.txt").read_text().splitlines()

    assert read("AU_Set/Train_Set") == [
        "AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26",
        "0,1,0,1,0,1,0,1,0,1,0,1",
        "1,0,1,0,1,0,1,0,1,0,1,0",
    ]
    assert read("EXPR_Set/Validation_Set") == [
        "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise",
        "4",
        "-1",
    ]
    assert read("VA_Set/Train_Set") == ["valence,arousal", "0.500,-0.250", "1.000,-1.000"]


def test_only_the_tasks_of_a_track_are_written(tmp_path: Path) -> None:
    annotate(tmp_path, Part("a", "someone", {"VA": "validation"}), ROWS)
    assert [path.parts[-3] for path in tmp_path.rglob("*.txt")] == ["VA_Set"]


def test_rows_that_nobody_annotated() -> None:
    rows = rows_of(np.ones((1, 12), np.int8), np.ones(1, np.int8), np.zeros((1, 2)), np.array([False]))
    assert rows == {"AU": [",".join(["-1"] * 12)], "EXPR": ["-1"], "VA": ["-5,-5"]}


def test_lengths_that_disagree() -> None:
    assert lengthened(["a", "b"], 1) == ["a", "b", "b"]
    assert lengthened(["a", "b"], -1) == ["a"]
    assert lengthened(["a", "b"], 0) == ["a", "b"]
