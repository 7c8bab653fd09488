"""Official crops: aligned by number, with the traps of the real folders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.core.errors import UserError
from stages.frames.crops import list_crops, read_crops
from tests.media.videos import astronaut, moving, write_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Crops 1, 2, 5 and 9, whose grey level is ten times their number, and what else lies in such folders."""
    crops = tmp_path / "video7_left"
    crops.mkdir()
    for number in (5, 1, 9, 2):
        cv2.imwrite(str(crops / f"{number:05d}.jpg"), np.full((112, 112, 3), 10 * number, np.uint8))
    (crops / ".DS_Store").write_bytes(b"\0")
    (crops / "Thumbs.db").write_bytes(b"\0")
    return crops


def test_numbers_are_frames(folder: Path) -> None:
    track = list_crops(folder, 8)
    assert track.frames.tolist() == [1, 2, 5] and track.length == 8
    faces = np.zeros((3, 112, 112, 3), np.uint8)
    read_crops(folder, track.frames, faces)
    assert np.allclose(faces.mean((1, 2, 3)), [10, 20, 50], atol=1)
    table = track.table()
    assert table["p0x"].isna().all() and table["x0"].isna().all()
    assert np.allclose(table["time"], np.array([0, 1, 4]) / 30)


def test_channels_are_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "00001.jpg"), np.full((112, 112, 3), (0, 0, 255), np.uint8))  # OpenCV's red
    faces = np.zeros((1, 112, 112, 3), np.uint8)
    read_crops(tmp_path, np.array([1]), faces)
    assert np.abs(faces[0, 50, 50].astype(int) - [255, 0, 0]).max() < 4


def test_times_of_the_video(folder: Path, tmp_path: Path) -> None:
    """The container may be some frames shorter than the crops: time goes on at its mean rate."""
    times = [0.0, 0.1, 0.2, 0.5, 0.6]
    video = write_video(tmp_path / "video7.mkv", moving(astronaut(), 5), times=times)
    assert np.allclose(list_crops(folder, 9, video).times, [0, 0.1, 0.6, 0.6 + 4 * 0.15], atol=1e-3)


def test_other_sizes(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "00001.jpg"), astronaut(96, 96))
    faces = np.zeros((1, 112, 112, 3), np.uint8)
    read_crops(tmp_path, np.array([1]), faces)
    assert np.abs(faces[0, :, :, ::-1].astype(int) - cv2.resize(astronaut(96, 96), (112, 112))).mean() < 6


def test_faults(folder: Path, tmp_path: Path) -> None:
    (folder / "00002.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"00002\.jpg: cannot be read as an image"):
        read_crops(folder, np.array([1, 2]), np.zeros((2, 112, 112, 3), np.uint8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: holds no crop of frames 1 to 9"):
        list_crops(tmp_path / "empty", 9)


def test_names_and_pictures_of_any_kind(tmp_path: Path) -> None:
    """Six digits, capitals, PNG, and a picture that EXIF turns."""
    from PIL import Image

    crop = astronaut(112, 112)
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(crop).save(tmp_path / "000001.jpg", quality=95)
    Image.fromarray(crop).save(tmp_path / "2.PNG")
    Image.fromarray(crop).transpose(Image.Transpose.ROTATE_90).save(
        tmp_path / "00003.jpeg", quality=95, exif=exif
    )
    track = list_crops(tmp_path, 5)
    assert track.frames.tolist() == [1, 2, 3]
    faces = np.zeros((3, 112, 112, 3), np.uint8)
    read_crops(tmp_path, track.frames, faces)
    assert np.abs(faces.astype(int) - crop).mean((1, 2, 3)).max() < 3
