"""Files that claim more than they hold, lists of other files, and names that libraries cannot take."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from stages.core.errors import UserError
from stages.index.lengths import container_frames
from stages.media.clock import LONGEST, rising
from stages.media.damage import _places
from stages.media.decode import frame_times, read_frames
from stages.media.names import check_name
from stages.media.still import is_still, read_still
from stages.mel.sound import load_sound
from tests.media.videos import write_video

GREY = [np.full((32, 32, 3), 90, np.uint8)] * 3


def png(width: int, height: int) -> bytes:
    """A header, and hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [20_000, 100_000, 2**31 - 1])
def test_a_picture_of_too_many_pixels_is_not_decoded(side: int, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(side, side))
    with pytest.raises(UserError, match=r"a\.png: (has more than 179 million pixels|cannot be read)"):
        read_still(tmp_path / "a.png")


def test_a_film_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    film = write_video(tmp_path / "a.gif", GREY, codec="gif", pix_fmt="rgb8")
    data = bytearray(film.read_bytes())
    data[6:10] = struct.pack("<HH", 60_000, 60_000)  # the canvas
    film.write_bytes(data)
    with pytest.raises(UserError, match=r"a\.gif: "):
        list(read_frames(film))


def test_a_list_of_other_files_is_no_film(tmp_path: Path) -> None:
    write_video(tmp_path / "other.mp4", GREY)
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(UserError, match=r"a\.mp4: cannot be opened"):
        container_frames(tmp_path / "a.mp4")


def test_a_name_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    """PyAV ends the process over one."""
    path = tmp_path / os.fsdecode(b"\xff.mp4")
    write_video(tmp_path / "whole.mp4", GREY).rename(path)
    for read in (container_frames, is_still, frame_times):
        with pytest.raises(UserError, match=r"\\udcff\.mp4: .*UTF-8"):
            read(path)


@pytest.mark.parametrize("name", ["index", "Keys", "..", "a/b", "x" * 216, "a\nb", "\ud800"])
def test_names_that_no_artifact_can_have(name: str) -> None:
    with pytest.raises(UserError, match=r"^v\.txt: "):
        check_name(name, Path("v.txt"))


def test_sound_of_one_sample_a_second_is_a_lie(tmp_path: Path) -> None:
    """44 kB of it would be twelve hours."""
    header = (
        b"RIFF" + struct.pack("<I", 44_036) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 2, 2, 16)
    )
    (tmp_path / "a.wav").write_bytes(header + b"data" + struct.pack("<I", 44_000) + bytes(44_000))
    with pytest.raises(UserError, match="1 samples a second"):
        load_sound(tmp_path / "a.wav")


def test_stamps_do_not_ask_for_a_day_of_silence() -> None:
    day = 86_400.0
    times = rising(np.array([0.0, 0.04, day, day + 0.04]), lambda: np.array([day / 2]))
    assert times[-1] < LONGEST


def test_stamps_a_nanosecond_apart_are_no_rate() -> None:
    stamps = np.concatenate([np.arange(50) * 1e-6, [30.0]])
    assert len(_places(stamps, -np.inf, counted=False)) <= 51
