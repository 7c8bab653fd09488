"""Pictures of all kinds come out as RGB of 8 bits, the same from every reader."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from stages.core.errors import UserError
from stages.frames.crops import read_crops
from stages.media.decode import read_frames
from stages.media.extract import Search
from stages.media.pictures import read_crop
from stages.media.still import is_still, read_still
from tests.media.videos import astronaut, moving, write_video

RGB = astronaut(113, 111)
GREY = np.repeat(RGB.mean(2, keepdims=True), 3, 2).astype(np.uint8)


def save(path: Path, kind: str) -> Path:
    picture = Image.fromarray(RGB)
    if kind == "16 bits":
        cv2.imwrite(str(path), RGB[:, :, ::-1].astype(np.uint16) * 257)
    elif kind == "grey 16 bits":
        cv2.imwrite(str(path), GREY[:, :, 0].astype(np.uint16) * 257)
    elif kind == "palette":
        picture.quantize(256).save(path)
    elif kind in ("plain", "progressive"):
        picture.save(path, quality=95, progressive=kind == "progressive")
    elif kind == "a low resolution across":
        picture.save(path, dpi=(72, 144))
    else:
        picture.convert(kind).save(path, quality=95)
    return path


KINDS = [
    *(("png", kind) for kind in ("plain", "16 bits", "grey 16 bits", "palette", "RGBA", "L", "LA")),
    *(("jpg", kind) for kind in ("plain", "progressive", "CMYK", "L")),
    *(("png", "a low resolution across"), ("bmp", "plain"), ("tiff", "plain"), ("webp", "plain")),
]


@pytest.mark.parametrize(("suffix", "kind"), KINDS)
def test_kinds(tmp_path: Path, suffix: str, kind: str) -> None:
    path = save(tmp_path / f"a.{suffix}", kind)
    expected = GREY if kind in ("grey 16 bits", "L", "LA") else RGB
    found = read_still(path)
    assert is_still(path) and found.shape == RGB.shape and found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).mean() < 4
    (frame,) = read_frames(path)
    assert (frame.rgb() == found).all() and (frame.time, frame.number) == (0, 1)


def test_what_a_picture_holds_counts_and_not_its_name(tmp_path: Path) -> None:
    path = save(tmp_path / "100%d.png", "plain").rename(tmp_path / "100%d.mp4")
    assert len(list(read_frames(path))) == 1
    film = write_video(tmp_path / "film.mp4", moving(astronaut(), 3)).rename(tmp_path / "film.jpg")
    assert not is_still(film) and len(list(read_frames(film))) == 3


def test_a_moving_gif_is_a_film(tmp_path: Path) -> None:
    shots = [Image.fromarray(np.full((48, 64, 3), level, np.uint8)) for level in (20, 90, 200)]
    shots[0].save(tmp_path / "a.gif", save_all=True, append_images=shots[1:], duration=40)
    frames = list(read_frames(tmp_path / "a.gif"))
    assert [round(float(frame.rgb().mean()), -1) for frame in frames] == [20, 90, 200]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.08])


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_cut_picture_is_refused_everywhere(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"00001.{suffix}", "plain")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    readers = (
        lambda: list(read_frames(path)),
        lambda: read_crop(path, Search()),
        lambda: read_crops(tmp_path, np.array([1]), np.zeros((1, 112, 112, 3), np.uint8)),
    )
    for read in readers:
        with pytest.raises(UserError, match=rf"00001\.{suffix}: cannot be read as an image"):
            read()


def test_a_whole_picture_with_a_preview_and_data_behind(tmp_path: Path) -> None:
    """The end of a preview is not that of its picture; cameras put films behind theirs."""
    preview = save(tmp_path / "b.jpg", "plain").read_bytes()
    path = save(tmp_path / "a.jpg", "plain")
    data = path.read_bytes()
    note = b"\xff\xe2" + (len(preview) + 2).to_bytes(2, "big") + preview
    path.write_bytes(data[:2] + note + data[2:] + b"film" * 99)
    assert np.abs(read_still(path).astype(int) - RGB).mean() < 4
    path.write_bytes((data[:2] + note + data[2:])[:-200])
    with pytest.raises(UserError, match="cannot be read as an image"):
        read_still(path)
