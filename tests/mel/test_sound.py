from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from stages.core.errors import UserError
from stages.mel.sound import RATE, load_sound, open_sound
from tests.mel.sounds import encode, sine, write_clip


def test_samples_come_as_written(tmp_path: Path) -> None:
    samples, offset = load_sound(write_clip(tmp_path / "a.mkv", [sine(440)]))
    np.testing.assert_allclose(samples, sine(440), atol=1e-6)
    assert (samples.dtype, offset) == (np.float32, 0.0)


def test_channels_are_averaged(tmp_path: Path) -> None:
    samples, _ = load_sound(write_clip(tmp_path / "a.mkv", [sine(440), 0 * sine(440)]))
    np.testing.assert_allclose(samples, sine(440) / 2, atol=1e-4)


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    samples, _ = load_sound(write_clip(tmp_path / "a.mkv", [sine(440, 16_000)], rate=16_000))
    assert abs(len(samples) - RATE) <= 32
    np.testing.assert_allclose(samples[2000:40_000], sine(440)[2000:40_000], atol=2e-3)


def test_peaks_beyond_one_are_clipped_and_never_wrapped(tmp_path: Path) -> None:
    loud = sine(440, peak=1.6)
    samples, _ = load_sound(write_clip(tmp_path / "a.mkv", [loud]))
    np.testing.assert_allclose(samples, np.clip(loud, -1, 1), atol=1e-6)


@pytest.mark.parametrize("late", [0.0, 0.25])
def test_the_offset_counts_from_the_first_video_frame(tmp_path: Path, late: float) -> None:
    samples, offset = load_sound(write_clip(tmp_path / "a.mkv", [sine(440)], late=late))
    assert offset == pytest.approx(late, abs=2e-3)
    assert len(samples) == RATE


def test_a_gap_in_the_packets_is_filled_with_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("pcm_f32le", rate=RATE, layout="mono")
        encode(out, stream, sine(440)[None, :10_240], RATE, 0.0)
        late = (RATE + 10_240) / RATE
        for packet in _packets(sine(440)[None, :10_240], late):
            packet.stream = stream
            out.mux(packet)
    samples, _ = load_sound(path)
    assert abs(len(samples) - (RATE + 20_480)) <= 64
    assert not samples[12_000:50_000].any()
    assert samples[-5000:].any()


def _packets(samples: np.ndarray, late: float) -> list[av.Packet]:
    encoder = av.CodecContext.create("pcm_f32le", "w")
    encoder.rate, encoder.layout, encoder.format = RATE, "mono", "flt"
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), "flt", "mono")
    frame.rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), round(late * RATE)
    return encoder.encode(frame)


def test_a_video_without_sound_has_none(tmp_path: Path) -> None:
    path = tmp_path / "mute.mkv"
    with av.open(str(path), "w", format="matroska") as out:
        video = out.add_stream("mpeg4", rate=25)
        video.width = video.height = 32
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")))
        out.mux(video.encode(None))
    assert open_sound(path) is None
    assert load_sound(path) is None


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video at all")
    with pytest.raises(UserError, match=r"bad\.mp4: cannot be opened"):
        open_sound(tmp_path / "bad.mp4")
    with pytest.raises(UserError, match=r"absent\.mp4"):
        open_sound(tmp_path / "absent.mp4")


def test_a_sound_without_a_video_starts_at_its_own_beginning(tmp_path: Path) -> None:
    """An MP3's first sample lies 25 ms past its clock's zero, the encoder's delay."""
    path = tmp_path / "a.mp3"
    with av.open(str(path), "w") as out:
        encode(out, out.add_stream("mp3", rate=RATE, layout="mono", format="flt"), sine(440)[None], RATE, 0.0)
    sound = load_sound(path)
    assert sound is not None and sound[1] == 0.0
