from __future__ import annotations

from pathlib import Path

import pytest

from stages.index.check import check_corpus, print_check
from tests.index.trees import Tree, au, small_tree


def test_a_good_corpus_is_usable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_tree(tmp_path)
    assert print_check(tmp_path)
    assert "Usable" in capsys.readouterr().out
    report = check_corpus(tmp_path)
    assert report.problems == [] and report.notes == []
    assert ("ABAW2", "AU", "train", "1", "1", "0", "3", "3") in report.rows


def test_all_problems_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = small_tree(tmp_path)
    tree.labels("AU", "train", "video3", [au(), "0,1"])
    tree.labels("VA", "train", "video4", ["0,0"] * 3, header="arousal,valence")
    tree.labels("EXPR", "validation", "video1", ["0", "1", "2"])
    tree.labels("EXPR", "train", "no_video", ["0"])
    tree.labels("EXPR", "train", "broken", ["0"])
    tree.file(Path("batch2/broken.avi"), b"no video")
    assert not print_check(tmp_path)
    out = capsys.readouterr().out
    for sentence in (
        "video3.txt, line 3: has 2 values instead of 12",
        "video4.txt, line 1: the header is 'arousal,valence'",
        "video1 is in training and validation of EXPR",
        "trial no_video is annotated but has no video or crops",
        "broken.avi: cannot be opened as a video",
    ):
        assert sentence in out
    assert "Not usable: 5 problems" in out


def test_faults_of_one_file_are_cut_short(tmp_path: Path) -> None:
    small_tree(tmp_path).labels("VA", "train", "video1", ["9,9"] * 30)
    report = check_corpus(tmp_path)
    assert sum("is out of range" in line for line in report.problems) == 5
    assert any(line.startswith("and 25 more faults in") for line in report.problems)


def test_empty_split_is_a_problem(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    tree.labels("VA", "validation", "video2", ["-5,-5"] * 3)
    assert check_corpus(tmp_path).problems == [
        "the validation split of VA has no labelled frame; add annotation files"
    ]


@pytest.mark.parametrize(
    ("trap", "note"),
    [
        ("longer", "video1: 4 rows of labels, the container reports 3 frames"),
        ("longer", "video1: the tasks differ in length (AU 4, EXPR 3, VA 3 rows)"),
        ("surplus", "extra.mp4: is not annotated"),
        ("crops", "video1: 3 rows of labels, crops up to number 7"),
        ("leak", "EXPR: 1 training videos (3 frames) are in the validation split of another task"),
        ("partial", "AU: 1 rows are annotated in part"),
        ("stranger", "labels.csv: is no annotation file"),
        ("pair", "AU: the two people of video7 are in different splits"),
    ],
)
def test_notes_do_not_stop(tmp_path: Path, trap: str, note: str) -> None:
    tree = small_tree(tmp_path)
    if trap == "longer":
        tree.labels("AU", "train", "video1", [au()] * 4)
    elif trap == "surplus":
        tree.video("extra.mp4")
    elif trap == "crops":
        tree.crops("video1", [1, 3, 7])
    elif trap == "leak":
        tree.labels("EXPR", "train", "video9", ["0", "0", "1"])
        tree.labels("AU", "validation", "video9", [au()] * 3)
        tree.video("video9.mp4")
    elif trap == "partial":
        tree.labels("AU", "train", "video1", [au(), au(), "-1" + ",0" * 11])
    elif trap == "stranger":
        tree.file(Path("annotations/AU_Set/Train_Set/labels.csv"), "")
    elif trap == "pair":
        tree.labels("AU", "train", "video7_left", [au()] * 3)
        tree.labels("AU", "validation", "video7_right", [au()] * 3)
        tree.video("video7.mp4")
    report = check_corpus(tmp_path)
    assert report.problems == []
    assert any(note in line for line in report.notes), report.notes


def test_a_missing_task_is_noted(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    for split, trial in (("train", "a"), ("validation", "b")):
        tree.labels("AU", split, trial, [au()] * 3)
        tree.video(f"{trial}.mp4")
    report = check_corpus(tmp_path)
    assert report.problems == [] and "VA: no annotations at all" in report.notes


def test_empty_crop_folder_is_a_problem(tmp_path: Path) -> None:
    small_tree(tmp_path).file(Path("cropped_aligned/video1/.DS_Store"), b"")
    assert check_corpus(tmp_path).problems == ["video1: its crop folder holds no numbered .jpg"]


def test_no_annotations_is_a_problem(tmp_path: Path) -> None:
    Tree(tmp_path).video("a.mp4")
    assert "holds no annotations" in check_corpus(tmp_path).problems[0]


@pytest.mark.parametrize("pattern", ["{:06d}.jpg", "{}.JPG", "{:05d}.png", "{:03d}.jpeg"])
def test_crops_by_any_number(tmp_path: Path, pattern: str) -> None:
    tree = small_tree(tmp_path)
    for number in (1, 3):
        tree.file(Path("cropped_aligned/video1") / pattern.format(number), b"jpeg")
    report = check_corpus(tmp_path)
    assert report.problems == [] and not [note for note in report.notes if "crops" in note]


def test_crops_that_are_none_of_the_labelled_frames(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    for name in ("frame_1.jpg", "frame_2.jpg"):
        tree.file(Path("cropped_aligned/video1") / name, b"jpeg")
    tree.crops("video2", [70, 71])
    assert check_corpus(tmp_path).problems == [
        "video1: its crop folder holds no numbered .jpg",
        "video2: 3 rows of labels, its crops begin at number 70",
    ]


def test_one_crop_twice(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    tree.crops("video1", [1, 2])
    tree.file(Path("cropped_aligned/video1/000002.jpg"), b"jpeg")
    (problem,) = check_corpus(tmp_path).problems
    assert "000002.jpg and 00002.jpg are one frame" in problem


def test_a_video_without_a_decoder_is_a_problem(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    path = tree.video("video1.mp4")
    path.write_bytes(path.read_bytes().replace(b"mp4v", b"zzzv").replace(b"esds", b"zzzz"))
    (problem,) = check_corpus(tmp_path).problems
    assert "video1.mp4: no decoder for its pictures is here" in problem
