from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.index.layout import choose_release, side_of, survey, video_of
from tests.index.trees import Tree, small_tree


@pytest.mark.parametrize(
    ("trial", "video", "side"),
    [
        ("video5_left", "video5", "left"),
        ("6-30-1920x1080_right", "6-30-1920x1080", "right"),
        ("video10_1", "video10_1", ""),
        ("102", "102", ""),
        ("video10_1_left", "video10_1", "left"),
        ("leftover_left_right", "leftover_left", "right"),
    ],
)
def test_only_left_and_right_are_suffixes(trial: str, video: str, side: str) -> None:
    assert (video_of(trial), side_of(trial)) == (video, side)


@pytest.mark.parametrize("edition", ["ABAW1", "ABAW2", "ABAW3", "ABAW5"])
@pytest.mark.parametrize("inside", [".", "annotations", "Third ABAW Annotations/annotations"])
def test_editions_are_recognised_by_their_folders(tmp_path: Path, edition: str, inside: str) -> None:
    tree = Tree(tmp_path, edition, inside)
    for task in ("AU", "EXPR", "VA"):
        tree.labels(task, "train", "video1", ["0"])
        tree.labels(task, "validation", "video2", ["0"])
    layout = survey(tmp_path)
    assert choose_release(layout) == edition
    found = [(file.task, file.split, file.trial) for file in layout.releases[edition]]
    assert sorted(found) == [
        (task, split, trial)
        for task in ("AU", "EXPR", "VA")
        for split, trial in (("train", "video1"), ("validation", "video2"))
    ]


def test_mtl_is_read_only_where_it_is_alone(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file(Path("MTL_Challenge/train_set.txt"), "image\n")
    assert choose_release(survey(tmp_path)) == "MTL"
    tree.labels("AU", "train", "video1", ["0"])
    assert choose_release(survey(tmp_path)) == "ABAW2"
    assert choose_release(survey(tmp_path), "MTL") == "MTL"


def test_two_releases_ask_which(tmp_path: Path) -> None:
    Tree(tmp_path, "ABAW2").labels("AU", "train", "a", ["0"])
    Tree(tmp_path, "ABAW3", "2022").labels("AU", "train", "a", ["0"])
    layout = survey(tmp_path)
    with pytest.raises(UserError, match=r"ABAW2 and ABAW3; set index\.edition"):
        choose_release(layout)
    assert choose_release(layout, "ABAW3") == "ABAW3"
    with pytest.raises(UserError, match="no ABAW1 annotations, only ABAW2, ABAW3"):
        choose_release(layout, "ABAW1")


def test_videos_of_all_batches_and_both_containers(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    tree.file(Path("batch2/3-25-1920x1080.avi"), b"")
    tree.file(Path("batch2/._3-25-1920x1080.avi"), b"")
    tree.file(Path("batch2/.DS_Store"), b"")
    tree.file(Path("batch2/readme.txt"), b"")
    videos = survey(tmp_path).videos
    assert sorted(videos) == ["3-25-1920x1080", "video1", "video2"]


def test_hidden_files_are_no_annotations_and_strangers_are_told(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    for name in (".DS_Store", "._video1.txt", "notes.docx"):
        tree.file(Path("annotations/AU_Set/Train_Set") / name, b"\xff")
    layout = survey(tmp_path)
    assert len(layout.releases["ABAW2"]) == 6
    assert [path.name for path in layout.strangers] == ["notes.docx"]


def test_crops_also_nested_in_a_second_archive(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    tree.crops("video1", [1, 2])
    tree.crops("video2_left", [1], folder="cropped_aligned/cropped_aligned_new_50_vids")
    tree.file(Path("cropped_aligned/.DS_Store"), b"")
    crops = survey(tmp_path).crops
    assert sorted(crops) == ["video1", "video2_left"]
    assert crops["video2_left"] == [tmp_path / "cropped_aligned/cropped_aligned_new_50_vids/video2_left"]


def test_two_folders_of_one_split_are_an_error(tmp_path: Path) -> None:
    Tree(tmp_path, inside="a").labels("AU", "train", "video1", ["0"])
    Tree(tmp_path, inside="b").labels("AU", "train", "video1", ["0"])
    with pytest.raises(UserError, match="both hold AU train annotations"):
        survey(tmp_path)


def test_missing_root_and_no_annotations(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent: there is no such folder; set `corpus`"):
        survey(tmp_path / "absent")
    with pytest.raises(UserError, match="holds no annotations"):
        choose_release(survey(tmp_path))


def test_what_unpacking_leaves_is_no_corpus(tmp_path: Path) -> None:
    tree = small_tree(tmp_path)
    expected = survey(tmp_path)
    for path in sorted(tmp_path.rglob("*.txt")) + sorted(tmp_path.rglob("*.mp4")):
        below = path.relative_to(tmp_path)
        tree.file(Path("__MACOSX") / below.parent / f"._{path.name}", b"\0\5\x16\7")
        tree.file(below.parent / "Thumbs.db", b"\0")
        tree.file(below.parent / "@eaDir" / path.name, b"\0")
    assert survey(tmp_path) == expected


@pytest.mark.parametrize("name", ["video1.mkv", "video1.MP4", "video1.webm", "video1.mov", "video1.m2ts"])
def test_videos_of_any_kind(tmp_path: Path, name: str) -> None:
    Tree(tmp_path).file(Path("batch1") / name, b"")
    assert survey(tmp_path).videos == {"video1": [tmp_path / "batch1" / name]}


@pytest.mark.parametrize(
    "name", ["train_set.txt", "training_set_annotations.txt", "Train_Set_Annotations.TXT"]
)
def test_mtl_files_of_2022(tmp_path: Path, name: str) -> None:
    """March (ABAW3) and July (ABAW4) name them differently."""
    Tree(tmp_path).file(Path("MTL_Challenge") / name, "image\n")
    Tree(tmp_path).file(Path("MTL_Challenge/validation_set_annotations.txt"), "image\n")
    Tree(tmp_path).file(Path("MTL_Challenge/test_set_images.txt"), "image\n")
    files = survey(tmp_path).releases["MTL"]
    assert sorted((file.task, file.split) for file in files) == [("MTL", "train"), ("MTL", "validation")]


def test_blanks_and_case_of_folders(tmp_path: Path) -> None:
    for folder in ("AU Detection Challenge/Train Set", "va_estimation_challenge/VALIDATION_SET"):
        Tree(tmp_path).file(Path("annotations") / folder / "video1.TXT", "x\n")
    layout = survey(tmp_path)
    assert choose_release(layout) == "ABAW3" and not layout.strangers
    found = [(file.task, file.split, file.trial) for file in layout.releases["ABAW3"]]
    assert sorted(found) == [("AU", "train", "video1"), ("VA", "validation", "video1")]
