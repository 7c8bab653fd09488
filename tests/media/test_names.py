from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.media.names import crop_files, is_left_behind, is_video


@pytest.mark.parametrize("name", ["a.mp4", "a.MOV", "b.c.mkv", "a.webm", "a.m2ts", "a.3gp", "a.wmv", "a.AVI"])
def test_videos(name: str) -> None:
    assert is_video(Path(name))


@pytest.mark.parametrize("name", ["a.txt", "mp4", "a.mp4.part", "a.jpg", "a.wav", "a"])
def test_no_videos(name: str) -> None:
    assert not is_video(Path(name))


@pytest.mark.parametrize("name", ["__MACOSX", "._a.txt", ".DS_Store", "Thumbs.db", "@eaDir", "desktop.ini"])
def test_left_behind(name: str) -> None:
    assert is_left_behind(name) and not is_left_behind("video1")


def test_crops_by_frame(tmp_path: Path) -> None:
    """Whatever zeros lead, and whatever lies beside them; in the order of frames."""
    for name in ("00010.jpg", "000002.jpg", "3.JPEG", "00004.png", "._00005.jpg", "a6.jpg", "٧.jpg", "8.txt"):
        (tmp_path / name).touch()
    assert list(crop_files(tmp_path).items()) == [
        (2, "000002.jpg"),
        (3, "3.JPEG"),
        (4, "00004.png"),
        (10, "00010.jpg"),
    ]


def test_one_frame_twice(tmp_path: Path) -> None:
    for name in ("00001.jpg", "000001.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"000001\.jpg and 00001\.jpg are one frame; remove one of them"):
        crop_files(tmp_path)
