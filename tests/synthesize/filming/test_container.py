from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from stages.synthesize.filming.container import open_writer


def write(
    path: Path,
    times: np.ndarray,
    sound: np.ndarray | None,
    size: tuple[int, int] = (320, 240),
    variable_rate: bool = False,
) -> Path:
    rng = np.random.default_rng(0)
    with open_writer(path, size, 25, sound, 44_100, 24, variable_rate) as writer:
        for time in times:
            writer.write(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8), float(time))
    return path


TIMES = np.arange(25) / 25
TONE = 0.3 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100).astype(np.float32)[None]


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.parametrize("size", [(320, 240), (480, 360), (400, 300)])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    first, second = (write(tmp_path / f"{name}{suffix}", TIMES, TONE, size) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_film_is_h264_with_aac(tmp_path: Path) -> None:
    with av.open(str(write(tmp_path / "a.mp4", TIMES, TONE))) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        assert film.streams.audio[0].codec_context.name == "aac"
        assert film.streams.audio[0].rate == 44_100
        assert sum(1 for _ in film.decode(video=0)) == 25


def test_sound_survives(tmp_path: Path) -> None:
    with av.open(str(write(tmp_path / "a.mp4", TIMES, TONE))) as film:
        sound = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)[0]
    spectrum = np.abs(np.fft.rfft(sound[4096:36864]))
    assert spectrum.argmax() * 44_100 / 32_768 == pytest.approx(440, abs=3)


def test_a_silent_film_has_no_audio_stream(tmp_path: Path) -> None:
    with av.open(str(write(tmp_path / "a.mp4", TIMES, None))) as film:
        assert not film.streams.audio


def test_a_variable_rate_keeps_the_frames_times(tmp_path: Path) -> None:
    times = np.cumsum(np.random.default_rng(1).choice([0.04, 0.05, 0.08], 25))
    with av.open(str(write(tmp_path / "a.mp4", times, TONE, variable_rate=True))) as film:
        shown = np.array([frame.time for frame in film.decode(video=0)])
    np.testing.assert_allclose(np.diff(shown), np.diff(times), atol=1e-4)
