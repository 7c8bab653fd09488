"""Stage `frames` on a small corpus: videos, crops, two people, a corrupt file among good ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.frames.__main__ import Params, build_frames
from tests.media.videos import astronaut, moving, spoil, write_video

TRIALS = {  # trial: kind, source, side, labels
    "a": ("video", "batch1/a.mp4", "", 12),
    "b": ("video", "batch1/b.avi", "", 6),
    "c": ("crops", "cropped_aligned/c", "", 5),
    "d_left": ("video", "batch1/d.mp4", "left", 4),
    "d_right": ("video", "batch1/d.mp4", "right", 4),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    (root / "batch1").mkdir()
    frames = moving(astronaut(), 12)
    frames[5] = np.full_like(frames[5], 90)
    write_video(root / "batch1" / "a.mp4", frames)
    write_video(root / "batch1" / "b.avi", frames[:5], codec="mpeg4")
    crops = root / "cropped_aligned" / "c"
    crops.mkdir(parents=True)
    for number in (1, 2, 4):
        cv2.imwrite(str(crops / f"{number:05d}.jpg"), np.full((112, 112, 3), 10 * number, np.uint8))
    pair = np.hstack([astronaut(), astronaut()[:, ::-1]])
    write_video(root / "batch1" / "d.mp4", [pair] * 4)
    return root


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """As stage `index` writes it: every frame labelled for AUs, trial b for validation."""
    folder = tmp_path / "index"
    folder.mkdir()
    videos = [
        {
            "trial": trial,
            "video": trial[0],
            "source": source,
            "kind": kind,
            "side": side,
            "sound": "",
            "frames": n,
        }
        for trial, (kind, source, side, n) in TRIALS.items()
    ]
    pd.DataFrame(videos).to_parquet(folder / "videos.parquet")
    rows = [
        {
            "trial": trial,
            "video": trial[0],
            "frame": frame,
            "au_split": "validation" if trial == "b" else "train",
        }
        for trial, (*_, n) in TRIALS.items()
        for frame in range(1, n + 1)
    ]
    table = pd.DataFrame(rows).assign(expr_split="", va_split="", **dict.fromkeys(AU_NAMES, 0))
    table.astype({"frame": "int32"}).to_parquet(folder / "frames.parquet")
    return folder


Build = Callable[..., dict]


@pytest.fixture
def build(corpus: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    monkeypatch.setenv("WORKERS", "1")

    def run(root: Path = corpus, on_error: str = "fail", max_frames: int | None = None) -> dict:
        params = Params(
            corpus=root,
            on_error=on_error,  # type: ignore[arg-type]
            detector="mtcnn",
            detector_pack=None,
            detect_every=10,
            detect_height=480,
            smooth=0.8,
            max_frames=max_frames,
        )
        build_frames(params, index, tmp_path / "frames", tmp_path / "frames.json")
        return json.loads((tmp_path / "frames.json").read_text())

    return run


def test_artifacts_and_counts(build: Build, tmp_path: Path) -> None:
    counts = build()
    for trial, rows in {"a": 11, "b": 5, "c": 3, "d_left": 4, "d_right": 4}.items():
        faces = np.load(tmp_path / "frames" / f"{trial}.npy", mmap_mode="r")
        table = pd.read_parquet(tmp_path / "frames" / f"{trial}.parquet")
        assert faces.shape == (rows, 112, 112, 3) and faces.dtype == np.uint8 and len(table) == rows
    assert 6 not in pd.read_parquet(tmp_path / "frames" / "a.parquet")["frame"].tolist()
    assert counts["train"]["AU"] == {"labelled": 25, "face": 22, "no_face": 3, "not_read": 0}
    # Labels of b are one frame longer than its video.
    assert counts["validation"]["AU"] == {"labelled": 6, "face": 5, "no_face": 0, "not_read": 1}
    assert counts["trials"] == 5 and counts["skipped"] == 0 and counts["train"]["VA"]["labelled"] == 0
    has_face = pd.read_parquet(tmp_path / "frames" / "index.parquet")
    assert has_face.groupby("trial")["has_face"].sum().to_dict() == {
        "a": 11,
        "b": 5,
        "c": 3,
        "d_left": 4,
        "d_right": 4,
    }


def test_left_and_right(build: Build, tmp_path: Path) -> None:
    build()
    left, right = (pd.read_parquet(tmp_path / "frames" / f"d_{side}.parquet") for side in ("left", "right"))
    assert (left["p2x"] < 320).all() and (right["p2x"] > 320).all()


def test_a_second_run_changes_nothing(build: Build, tmp_path: Path) -> None:
    def content() -> dict[str, tuple[int, bytes]]:
        files = (tmp_path / "frames").iterdir()
        return {
            path.name: (path.stat().st_ino, path.read_bytes())
            for path in files
            if path.name != "index.parquet"
        }

    build()
    before = content()
    build()
    assert content() == before


def test_fewer_frames(build: Build, tmp_path: Path) -> None:
    counts = build(max_frames=3)
    assert len(np.load(tmp_path / "frames" / "a.npy", mmap_mode="r")) == 3
    assert counts["train"]["AU"]["not_read"] == 9 + 2 + 1 + 1


def test_a_corrupt_video_among_good_ones(build: Build, corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(corpus, root)
    (root / "batch1" / "b.avi").write_bytes(b"RIFF" + bytes(2000))
    with pytest.raises(UserError, match=r"b\.avi: cannot be"):
        build(root)
    kept = {path.stem for path in (tmp_path / "frames").glob("*.npy")}
    assert kept == {"a", "c", "d_left", "d_right"}
    assert not (tmp_path / "frames.json").exists()
    counts = build(root, on_error="skip")
    assert counts["skipped"] == 1 and counts["trials"] == 4
    assert counts["validation"]["AU"] == {"labelled": 6, "face": 0, "no_face": 0, "not_read": 6}


def test_damage_in_the_middle(
    build: Build, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lost frame stops the stage, or is left out where that is wished; the others keep their numbers."""
    root = tmp_path / "copy"
    shutil.copytree(corpus, root)
    film = root / "batch1" / "b.avi"
    write_video(film, moving(astronaut(), 12)[:6], codec="mpeg4", options={"g": "1"})
    spoil(film, 3)
    with pytest.raises(UserError, match=r"b\.avi: cannot be decoded after frame 2 .*or set on_error to skip"):
        build(root)
    capsys.readouterr()
    counts = build(root, on_error="skip")
    assert pd.read_parquet(tmp_path / "frames" / "b.parquet")["frame"].tolist() == [1, 2, 4, 5, 6]
    assert counts["validation"]["AU"] == {"labelled": 6, "face": 5, "no_face": 1, "not_read": 0}
    assert "b.avi: only 5 frames can be decoded" in capsys.readouterr().err
    kept = (tmp_path / "frames" / "a.npy").stat().st_ino
    with pytest.raises(UserError, match=r"b\.avi: only 5 frames can be decoded .*or set on_error to skip"):
        build(root)  # what was made in spite of the damage does not count
    assert (tmp_path / "frames" / "a.npy").stat().st_ino == kept
