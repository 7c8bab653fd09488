from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.index.__main__ import Params, build_index
from tests.index.trees import HEADER_2022, Tree, au, small_tree

DEFAULTS = {
    "on_error": "fail", "edition": "auto", "source": "auto", "cross_task": "train", "partial_au": "drop",
}  # fmt: skip


def index(root: Path, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    out, metrics = root.parent / "out", root.parent / "metrics.json"
    build_index(Params(corpus=root, **(DEFAULTS | changes)), out, metrics)
    return (
        pd.read_parquet(out / "frames.parquet"),
        pd.read_parquet(out / "videos.parquet"),
        json.loads(metrics.read_text()),
    )


@pytest.mark.parametrize("edition", ["ABAW1", "ABAW2", "ABAW3", "ABAW5"])
def test_every_edition_gives_the_same_table(tmp_path: Path, edition: str) -> None:
    small_tree(tmp_path / "corpus", edition)
    table, videos, counts = index(tmp_path / "corpus")
    assert counts["edition"] == edition
    assert table["frame"].tolist() == [1, 2, 3, 1, 2, 3]
    assert table["expression"].tolist() == [0, 4, 6] * 2
    assert table["au_split"].tolist() == ["train"] * 3 + ["validation"] * 3
    assert table["AU12"].tolist() == ([1, 1, 1] if edition == "ABAW1" else [0, 1, 0]) * 2
    assert videos["source"].tolist() == ["batch1/video1.mp4", "batch1/video2.mp4"]
    assert videos["frames"].tolist() == [3, 3] and videos["kind"].tolist() == ["video", "video"]


def test_the_traps_together(tmp_path: Path) -> None:
    """−1 and −5 rows, tasks of different lengths, two people, class Other, a leak between tasks, debris."""
    tree = small_tree(tmp_path / "corpus", "ABAW3")
    tree.labels("AU", "train", "pair_left", [au(0), ",".join(["-1"] * 12)])
    tree.labels("VA", "train", "pair_left", ["-5,-5", "-5,0.1", "0.5,0.5"])
    tree.labels("EXPR", "train", "pair_right", ["7", "2"], HEADER_2022)
    tree.video("pair.avi", folder="batch2")
    tree.labels("EXPR", "train", "video2_1", ["3"], HEADER_2022)
    tree.labels("AU", "validation", "video2_1", [au(1)])
    tree.video("video2_1.mp4", frames=1)
    tree.file(tree.home / "AU_Detection_Challenge/Train_Set/._pair_left.txt", b"\x00")
    table, videos, counts = index(tmp_path / "corpus")
    left = table[table["trial"] == "pair_left"]
    assert left[["frame", "au_split", "va_split"]].to_numpy().tolist() == [[1, "train", ""], [3, "", "train"]]
    assert set(table.loc[table["video"] == "pair", "trial"]) == {"pair_left", "pair_right"}
    assert set(videos.loc[videos["video"] == "pair", "source"]) == {"batch2/pair.avi"}
    assert table.loc[table["trial"] == "pair_right", "frame"].tolist() == [2]
    leak = table[table["trial"] == "video2_1"]
    assert leak["expr_split"].tolist() == [""] and leak["expression"].tolist() == [-1]
    assert leak["au_split"].tolist() == ["validation"] and leak["AU2"].tolist() == [1]
    expr, unit, affect = (counts["tasks"][task]["train"] for task in ("EXPR", "AU", "VA"))
    assert expr["removed_cross_task"] == {"videos": 1, "frames": 1} and expr["other_rows"] == 1
    assert unit["not_annotated_rows"] == 1 and unit["frames"] == 4
    assert affect["not_annotated_rows"] == 2 and affect["frames"] == 4
    assert unit["positive_rate"]["AU1"] == 0.5
    assert expr["frames_of"]["Disgust"] == 1 and expr["frames_of"]["Happiness"] == 1
    assert counts["frames_with_several_tasks"] == 6


def test_other_splits_by_rule(tmp_path: Path) -> None:
    tree = small_tree(tmp_path / "corpus")
    tree.labels("EXPR", "train", "leak", ["3"])
    tree.labels("AU", "validation", "leak", [au(1)])
    tree.video("leak.mp4")
    splits = {}
    for rule in ("train", "validation", "keep"):
        table = index(tmp_path / "corpus", cross_task=rule)[0]
        splits[rule] = table.loc[table["trial"] == "leak", ["au_split", "expr_split"]].to_numpy().tolist()
    assert splits == {
        "train": [["validation", ""]],
        "validation": [["", "train"]],
        "keep": [["validation", "train"]],
    }


def test_crops_are_preferred_and_sound_stays_known(tmp_path: Path) -> None:
    small_tree(tmp_path / "corpus").crops("video1", [1, 3])
    videos = index(tmp_path / "corpus")[1].set_index("trial")
    assert videos.loc["video1", ["source", "kind", "sound"]].tolist() == [
        "cropped_aligned/video1", "crops", "batch1/video1.mp4",
    ]  # fmt: skip
    assert videos.loc["video2", "kind"] == "video"


def test_same_bytes_again(tmp_path: Path) -> None:
    small_tree(tmp_path / "corpus")
    index(tmp_path / "corpus")
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    index(tmp_path / "corpus")
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def test_a_trial_without_video_stops_or_is_skipped(tmp_path: Path) -> None:
    small_tree(tmp_path / "corpus").labels("AU", "train", "lost", [au()])
    with pytest.raises(UserError, match=r"trial lost is annotated but has no video .*on_error to skip"):
        index(tmp_path / "corpus")
    table, _, counts = index(tmp_path / "corpus", on_error="skip")
    assert counts["skipped_trials"] == 1 and "lost" not in set(table["trial"])


@pytest.mark.parametrize("fault", ["both splits", "empty split", "row", "no videos"])
def test_faults_write_nothing(tmp_path: Path, fault: str) -> None:
    tree = small_tree(tmp_path / "corpus")
    if fault == "both splits":
        tree.labels("AU", "validation", "video1", [au()] * 3)
    elif fault == "empty split":
        tree.labels("AU", "validation", "video2", [",".join(["-1"] * 12)])
    elif fault == "row":
        tree.labels("AU", "train", "video1", [au(), "1"])
    else:
        for path in (tmp_path / "corpus/batch1").iterdir():
            path.unlink()
    with pytest.raises(UserError) as caught:
        index(tmp_path / "corpus", on_error="skip")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists() and not (tmp_path / "metrics.json").exists()


@pytest.mark.parametrize(("good", "code"), [(True, 0), (False, 1)])
def test_check_from_the_shell(tmp_path: Path, good: bool, code: int) -> None:
    tree = small_tree(tmp_path)
    if not good:
        tree.labels("AU", "train", "lost", [au()])
    done = subprocess.run(
        [sys.executable, "-m", "stages.index", "--check", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert "ABAW2" in done.stdout and ("lost" in done.stdout) is not good


def test_check_of_a_missing_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stages.index", "--check", str(tmp_path / "absent")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_mtl_rows_become_a_table(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "corpus")
    for split, trial in (("train", "a"), ("validation", "b")):
        rows = ["image,valence,arousal,expression,aus", f"{trial}/00004.jpg,0.1,0.2,3,{au(2)}"]
        tree.file(Path(f"MTL_Challenge/{split}_set.txt"), "\n".join(rows))
        tree.crops(trial, [4])
    table, _, counts = index(tmp_path / "corpus")
    assert table[["trial", "frame", "au_split", "va_split", "AU4"]].to_numpy().tolist() == [
        ["a", 4, "train", "train", 1], ["b", 4, "validation", "validation", 1],
    ]  # fmt: skip
    assert counts["edition"] == "MTL"
