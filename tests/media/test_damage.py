"""Damaged films: refused, or read around the damage, every other frame at its own number."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from stages.core.errors import UserError
from stages.media.decode import read_frames
from stages.media.extract import Search, extract
from tests.media.videos import astronaut, moving, spoil, write_video

PACKET = 188  # bytes of a transport stream (ISO 13818-1)
GREY = 4  # what a frame's number adds to its grey level


def numbered(path: Path, count: int, *, codec: str = "mpeg4", times: list[float] | None = None) -> Path:
    """Noise that does not compress, lighter from frame to frame, without frames that need others."""
    noise = np.random.default_rng(0).integers(0, 40, (count, 64, 64, 1), np.uint8)
    frames = [np.repeat(picture + GREY * place, 3, 2) for place, picture in enumerate(noise, start=1)]
    return write_video(path, frames, codec=codec, times=times, options={"g": "1", "bf": "0"})


def cut_out(path: Path, share: float, packets: int) -> Path:
    """Overwrite packets of a transport stream, so that nothing of them is found."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * share) // PACKET * PACKET
    data[start : start + PACKET * packets] = bytes(PACKET * packets)
    path.write_bytes(bytes(data))
    return path


def assert_own_numbers(path: Path, lost: set[int], count: int) -> list[str]:
    """Frames have the grey level of their number; returns the problems."""
    problems: list[str] = []
    frames = list(read_frames(path, problems=problems))
    assert [frame.number for frame in frames] == [n for n in range(1, count + 1) if n not in lost]
    for frame in frames:
        assert abs(frame.rgb().mean() - 19.5 - GREY * frame.number) < 2.5
    return problems


@pytest.mark.parametrize("times", [None, np.cumsum([0.04, 0.2, 0.04, 0.12, 0.08] * 8).tolist()])
def test_a_damaged_packet(tmp_path: Path, times: list[float] | None) -> None:
    """At a steady rate or not: the container lists the frame that cannot be decoded."""
    path = spoil(numbered(tmp_path / "a.mp4", 40, times=times), 20)
    with pytest.raises(UserError, match=r"a\.mp4: cannot be decoded after frame 19 \(Invalid data"):
        list(read_frames(path, 40))
    assert len(list(read_frames(path, 19))) == 19  # what the labels need is there
    (problem,) = assert_own_numbers(path, {20}, 40)
    assert "Invalid data" in problem


def test_the_first_packet(tmp_path: Path) -> None:
    path = spoil(numbered(tmp_path / "a.mp4", 12), 1)
    assert assert_own_numbers(path, {1}, 12)


def test_frames_lost_without_an_error(tmp_path: Path) -> None:
    """A decoder says nothing of packets that are gone: labels would be read by frames before theirs."""
    path = cut_out(numbered(tmp_path / "a.ts", 40, codec="mpeg2video"), 0.5, 6)
    found = [frame.number for frame in read_frames(path, problems=[])]
    lost = set(range(1, 41)) - set(found)
    assert 1 <= len(lost) <= 8 and 10 < min(lost) < max(lost) < 30
    assert assert_own_numbers(path, lost, 40)
    with pytest.raises(UserError, match=rf"a\.ts: lacks frames after frame {min(lost) - 1}, it is damaged"):
        list(read_frames(path, 40))


def test_what_is_whole_has_no_problem(tmp_path: Path) -> None:
    for name, codec in (("a.mp4", "mpeg4"), ("a.ts", "mpeg2video"), ("a.mkv", "libx264")):
        path = numbered(tmp_path / name, 12, codec=codec)
        assert assert_own_numbers(path, set(), 12) == []


def test_a_truncated_film(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mp4",
        list(np.random.default_rng(0).integers(0, 255, (40, 64, 64, 3), np.uint8)),
        container={"movflags": "faststart"},
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    problems: list[str] = []
    frames = list(read_frames(path, 40, problems=problems))
    assert 10 < len(frames) < 30 and problems
    assert "ends after" in problems[-1]


def test_nothing_that_can_be_decoded(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.mp4", 3)
    for number in (1, 2, 3):
        spoil(path, number)
    with pytest.raises(UserError, match=r"a\.mp4: ends after 0 of 3 frames"):
        list(read_frames(path, 3, problems=[]))


def test_faces_keep_the_numbers_of_their_frames(tmp_path: Path) -> None:
    """Times go on over the gap, and crops are cut where the faces were found."""
    frames = moving(astronaut(), 20)
    whole = write_video(tmp_path / "a.mp4", frames, codec="mpeg4", options={"g": "1", "bf": "0"})
    expected, table = extract(whole, Search(detect_every=5))
    faces, found = extract(spoil(whole, 7), Search(detect_every=5, on_error="skip"))
    assert table["frame"].tolist() == list(range(1, 21))
    assert found["frame"].tolist() == [n for n in range(1, 21) if n != 7]
    np.testing.assert_allclose(found["time"], (found["frame"] - 1) / 25, atol=1e-3)
    assert np.abs(faces[-5:].astype(int) - expected[-5:]).mean() < 3
    assert all(a < b for a, b in itertools.pairwise(found["x0"].tolist()[8:]))
