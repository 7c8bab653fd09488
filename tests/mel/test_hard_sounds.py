"""Sound that no decoder knows, that is damaged, or whose clock leaps: silence of the right length, and a word."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.media.decode import frame_times
from stages.mel.__main__ import Params, build_mels
from stages.mel.sound import RATE, open_sound
from tests.mel.sounds import encode, sine

CLOCK = Fraction(1, RATE)
BLACK = np.zeros((32, 32, 3), np.uint8)


def write_film(
    path: Path, parts: list[tuple[float, float, float]], rate: int = 25, shown: np.ndarray = BLACK
) -> Path:
    """Parts that begin at a stamp, each with so many seconds of pictures and of a sine, in one file."""
    with av.open(str(path), "w", format="mp4" if path.suffix == ".mp4" else "matroska") as out:
        video = out.add_stream("libx264", rate=rate)
        video.height, video.width = shown.shape[:2]
        video.codec_context.time_base = Fraction(1, 1000)
        sound = out.add_stream("aac" if path.suffix == ".mp4" else "pcm_f32le", rate=RATE, layout="mono")
        for start, pictures, _ in parts:
            for number in range(round(pictures * rate)):
                picture = av.VideoFrame.from_ndarray(shown, "rgb24")
                picture.pts, picture.time_base = round(1000 * (start + number / rate)), Fraction(1, 1000)
                out.mux(video.encode(picture))
        out.mux(video.encode(None))
        for start, _, heard in parts:
            if path.suffix == ".mp4":
                encode(out, sound, sine(440)[None, : round(heard * RATE)], RATE, start)
            for place in range(0, round(heard * RATE) if path.suffix == ".mkv" else 0, 1024):
                block = sine(440)[None, place : min(place + 1024, round(heard * RATE))]
                frame = av.AudioFrame.from_ndarray(block, "flt", "mono")
                frame.rate, frame.time_base, frame.pts = RATE, CLOCK, place + round(start * RATE)
                out.mux(sound.encode(frame))
    return path


def unknown(path: Path, shown: np.ndarray = BLACK) -> Path:
    """A film whose only sound is in a code that nobody knows."""
    write_film(path, [(0, 1, 1)], shown=shown)
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"apac").replace(b"esds", b"zzzz"))
    return path


def damaged(path: Path) -> Path:
    """A film that has lost a few packets of its sound."""
    write_film(path, [(0, 1, 1)])
    with av.open(str(path)) as film:
        packets = [(packet.pos, packet.size) for packet in film.demux(audio=0) if packet.size]
    data = bytearray(path.read_bytes())
    for place, size in packets[20:24]:
        data[place : place + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    return path


def seconds(path: Path, *, tolerant: bool = False) -> float:
    sound = open_sound(path, tolerant=tolerant)
    assert sound is not None
    return sum(map(len, sound.blocks)) / RATE


def test_no_decoder(tmp_path: Path) -> None:
    sound = open_sound(unknown(tmp_path / "a.mp4"))
    assert sound is not None and sound.problems == ["no decoder for its sound is here"]
    assert list(sound.blocks) == [] and sound.offset == 0


def test_damage_is_refused_or_silent(tmp_path: Path) -> None:
    path = damaged(tmp_path / "a.mp4")
    with pytest.raises(UserError, match=r"a\.mp4: its sound cannot be decoded"):
        seconds(path)
    sound = open_sound(path, tolerant=True)
    assert sound is not None
    samples = np.concatenate(list(sound.blocks))
    assert sound.problems and abs(len(samples) / RATE - 1) < 0.05
    assert np.abs(samples[:15_000]).max() > 0.4 and np.abs(samples[30_000:43_000]).max() > 0.4
    assert not samples[22_000:23_500].any()  # packets 21 to 24 of 1,024 samples, less what overlaps


def test_hours_between_two_recordings_are_not_made(tmp_path: Path) -> None:
    """Sound and pictures leap together; both go on at once."""
    path = write_film(tmp_path / "a.mkv", [(0, 1, 1), (7200, 1, 1)])
    assert seconds(path) == pytest.approx(2, abs=0.01)
    assert frame_times(path)[[24, 25, 49]] == pytest.approx([0.96, 1.0, 1.96], abs=2e-3)


def test_a_leap_after_sound_that_ended_early(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", [(0, 1, 0.6), (7200, 1, 1)])
    assert seconds(path) == pytest.approx(2, abs=0.01)


def test_a_pause_is_as_long_as_the_pictures_go_on(tmp_path: Path) -> None:
    """More than a minute without sound, in a film that shows something all the while."""
    pictures = [(place, 1.0, 0.0) for place in range(1, 80)]
    path = write_film(tmp_path / "a.mkv", [(0, 1, 1), *pictures, (80, 1, 1)], rate=2)
    assert seconds(path) == pytest.approx(81, abs=0.01)


def test_pictures_that_stand_while_somebody_speaks(tmp_path: Path) -> None:
    talk = [(place, 0.0, 1.0) for place in range(1, 100)]
    path = write_film(tmp_path / "a.mkv", [(0, 1, 1), *talk, (100, 1, 1)])
    assert seconds(path) == pytest.approx(101, abs=0.01)
    assert frame_times(path)[[24, 25]] == pytest.approx([0.96, 100], abs=2e-3)


def test_a_stamp_beyond_the_pictures_makes_no_silence(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", [(0, 1, 1), (7200, 0, 1)])
    assert seconds(path) == pytest.approx(2, abs=0.05)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """One clip as it should be, one without a decoder for its sound, one with damaged sound."""
    write_film(tmp_path / "a.mp4", [(0, 1, 1)])
    unknown(tmp_path / "b.mp4")
    damaged(tmp_path / "c.mp4")
    (tmp_path / "index").mkdir()
    names = ["a", "b", "c"]
    table = {"trial": names, "video": names, "sound": [f"{name}.mp4" for name in names]}
    pd.DataFrame(table).to_parquet(tmp_path / "index/videos.parquet")
    labels = {"trial": "a", "video": "a", "frame": np.arange(1, 26), "valence": 0.5, "arousal": -0.5}
    pd.DataFrame(labels).to_parquet(tmp_path / "index/frames.parquet")
    return tmp_path


def build(corpus: Path, on_error: str) -> list[int]:
    params = Params(corpus=corpus, on_error=on_error, front_ends=["jin2021", "wang2021"])
    build_mels(params, corpus / "index", corpus / "mel", corpus / "mel.json", corpus / "mel.png")
    return pd.read_parquet(corpus / "mel/wang2021/index.parquet")["rows"].tolist()


def test_the_stage(corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "1")
    with pytest.raises(UserError, match=r"c\.mp4: its sound cannot be decoded.*or set on_error to skip"):
        build(corpus, "fail")
    capsys.readouterr()
    rows = build(corpus, "skip")
    told = capsys.readouterr().err
    assert rows[1] == 0 and rows[0] == pytest.approx(102, abs=2) and rows[2] == pytest.approx(102, abs=5)
    assert told.count("b.mp4: no decoder for its sound is here; what is missing counts as silent") == 1
    assert told.count("c.mp4: its sound cannot be decoded") == 1
    with pytest.raises(UserError, match=r"c\.mp4: its sound cannot be decoded.*or set on_error to skip"):
        build(corpus, "fail")  # what was made in spite of the damage does not count
