"""Which streams are read: no covers, nothing without a decoder, the default one first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from stages.core.errors import UserError
from stages.index.lengths import container_frames
from stages.media.containers import open_media, sound
from stages.media.decode import frame_times, read_frames
from tests.media.videos import astronaut, moving, write_video

COVER = Disposition.attached_pic
DEFAULT = Disposition.default
NONE = Disposition(0)


def write_streams(
    path: Path,
    films: list[tuple[int, int, Disposition]],
    sounds: list[Disposition] | None = None,
    codec: str = "libx264",
) -> Path:
    """Films of (grey level, frames, disposition), and sounds that are told apart by their rate: 8, 16, … kHz."""
    with av.open(str(path), "w", format="mp4" if path.suffix == ".m4a" else None) as file:
        streams: list[Any] = []
        for _, _, disposition in films:
            cover = disposition == COVER
            stream: Any = file.add_stream("mjpeg" if cover else codec, rate=25)
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuvj420p" if cover else "yuv420p"
            stream.disposition = disposition
            streams.append(stream)
        voices: list[Any] = []
        for place, disposition in enumerate(sounds or []):
            voice: Any = file.add_stream("pcm_s16le" if path.suffix == ".mkv" else "aac", rate=8000 << place)
            voice.layout, voice.disposition = "mono", disposition
            voices.append(voice)
        for stream, (level, count, _) in zip(streams, films, strict=True):
            for place in range(count):
                grey = np.full((48, 64, 3), level, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=stream.pix_fmt)
                frame.pts = place
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        for place, voice in enumerate(voices):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.int16), format="s16", layout="mono")
            frame.sample_rate = 8000 << place
            file.mux([*voice.encode(frame), *voice.encode(None)])
    return path


def level(path: Path) -> tuple[int, int]:
    """Grey level and number of the frames that are read."""
    frames = list(read_frames(path))
    assert len(frame_times(path)) == len(frames)
    return round(float(frames[0].rgb().mean())), len(frames)


@pytest.mark.parametrize(
    ("name", "films", "expected"),
    [
        ("a.mp4", [(200, 1, COVER), (50, 5, DEFAULT)], (50, 5)),
        ("a.mkv", [(200, 3, NONE), (50, 5, DEFAULT)], (50, 5)),
        ("a.mkv", [(200, 3, NONE), (50, 5, NONE)], (200, 3)),
    ],
    ids=["cover first", "default second", "two alike"],
)
def test_pictures(
    tmp_path: Path, name: str, films: list[tuple[int, int, Disposition]], expected: tuple[int, int]
) -> None:
    found = level(write_streams(tmp_path / name, films))
    assert abs(found[0] - expected[0]) <= 3 and found[1] == expected[1]


def test_a_song_with_a_cover_holds_no_video(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "song.m4a", [(200, 1, COVER)], [DEFAULT])
    with av.open(str(path)) as file:
        assert len(file.streams.video) == 1
    for read in (lambda: list(read_frames(path)), lambda: frame_times(path), lambda: container_frames(path)):
        with pytest.raises(UserError, match=r"song\.m4a: holds no video; give a file with pictures"):
            read()


@pytest.mark.parametrize(
    ("sounds", "rate"),
    [
        ([DEFAULT], 8000),
        ([NONE, DEFAULT], 16000),
        ([DEFAULT | Disposition.comment, NONE], 16000),
        ([Disposition.visual_impaired], 8000),
    ],
    ids=["only one", "default second", "no comment", "better than nothing"],
)
def test_sound(tmp_path: Path, sounds: list[Disposition], rate: int) -> None:
    path = write_streams(tmp_path / "a.mkv", [(50, 3, DEFAULT)], sounds)
    with open_media(path) as container:
        chosen = sound(container)
        assert chosen is not None and chosen.sample_rate == rate


def test_no_sound(tmp_path: Path) -> None:
    with open_media(write_video(tmp_path / "a.mp4", [astronaut()])) as container:
        assert sound(container) is None


def test_pictures_without_a_decoder(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(astronaut(), 5))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    for read in (lambda: list(read_frames(path)), lambda: frame_times(path), lambda: container_frames(path)):
        with pytest.raises(UserError, match=r"a\.mp4: no decoder for its pictures is here"):
            read()


@pytest.mark.parametrize("name", ["12:30.mp4", "http:x.mp4", "a b %d.MP4", "-ss.mp4", "übung 表情.mkv"])
def test_names_are_names_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_video(tmp_path / "a.mp4", moving(astronaut(), 3)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(list(read_frames(Path(name)))) == 3


def test_tags_in_any_encoding(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", moving(astronaut(), 3), codec="mpeg4")
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", b"\xe9\xff\xfe\xe8"))
    assert len(list(read_frames(path))) == 3
