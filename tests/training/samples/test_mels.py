from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.training.samples.mels import (
    SILENCE,
    STD,
    MelTrack,
    check_times,
    mel_segment,
    mel_window,
    open_track,
)


def ramp(rows: int, hop: float = 0.01, offset: float = 0.0) -> MelTrack:
    """Each row holds a tenth of its own time, so that a window tells where it was cut, above the floor."""
    times = offset + hop * np.arange(rows)
    return MelTrack(np.repeat(times[:, None] / 10, 64, 1).astype(np.float32), hop, offset)


def test_a_window_is_centred_on_its_frame() -> None:
    window = mel_window(ramp(3000), centre=15.003, rows=1001)
    assert window.shape == (1001, 64)
    assert window[500, 0] == pytest.approx(1.5)
    assert (window[0, 0], window[-1, 0]) == pytest.approx((1.0, 2.0))


@pytest.mark.parametrize("centre", [0.0, 0.3, 29.9])
def test_at_the_borders_a_window_is_filled_with_silence_and_stays_centred(centre: float) -> None:
    window = mel_window(ramp(3000), centre, rows=101)
    wanted = centre + 0.01 * (np.arange(101) - 50)
    outside = (wanted < -0.001) | (wanted > 29.995)
    assert outside.any()
    np.testing.assert_allclose(window[~outside, 0], wanted[~outside] / 10, atol=1e-5)
    loudest = window.max()
    np.testing.assert_allclose(window[outside], max(SILENCE, loudest - 80 / STD), rtol=1e-6)


def test_the_sounds_offset_moves_the_window() -> None:
    late = mel_window(ramp(3000, offset=0.5), centre=15.0, rows=11)
    np.testing.assert_allclose(late[5], 1.5, rtol=1e-6)


def test_the_floor_is_80_db_below_the_windows_loudest() -> None:
    rows = np.full((1000, 64), SILENCE, np.float32)
    rows[100], rows[900] = 3.0, 1.0
    assert mel_window(MelTrack(rows, 0.01, 0.0), 1.0, 51).min() == pytest.approx(3.0 - 80 / STD)
    assert mel_window(MelTrack(rows, 0.01, 0.0), 9.0, 51).min() == pytest.approx(1.0 - 80 / STD)


def test_a_segments_steps_lie_evenly_under_its_frames() -> None:
    times = 2.0 + np.arange(30) / 25
    segment = mel_segment(ramp(1000, hop=0.005), times, steps=100)
    expected = 2.0 - 0.02 + (np.arange(100) + 0.5) * 0.012
    assert segment.shape == (100, 64)
    np.testing.assert_allclose(segment[:, 0], expected / 10, atol=1e-5)


def test_a_segment_follows_frames_that_are_missing() -> None:
    times = np.concatenate([np.arange(15), np.arange(15) + 100]) / 25
    segment = mel_segment(ramp(2000, hop=0.005), times, steps=30)
    np.testing.assert_allclose(segment[:, 0], times / 10, atol=1e-5)


def test_neighbouring_segments_agree_where_they_overlap() -> None:
    track = ramp(4000, hop=0.005)
    times = np.arange(40) / 25
    first, second = mel_segment(track, times[:30], 90), mel_segment(track, times[10:], 90)
    np.testing.assert_allclose(first[30:], second[:60], atol=1e-5)


@pytest.mark.parametrize("frames", [1, 30])
def test_no_sound_is_silence(frames: int) -> None:
    none = MelTrack(np.zeros((0, 64), np.float32), 0.005, 0.0)
    np.testing.assert_allclose(mel_segment(none, np.arange(frames) / 25, 100), SILENCE, rtol=1e-6)
    np.testing.assert_allclose(mel_window(none, 3.0, 1001), SILENCE, rtol=1e-6)


def test_a_segment_across_hours_costs_no_more_than_another() -> None:
    """Frames at 1 s and at ten hours: 7 million rows lie between."""
    tracemalloc.start()
    segment = mel_segment(ramp(1000, hop=0.005), np.array([1.0, 36_000.0]), steps=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(segment[:, 0], [0.1, max(SILENCE, segment.max() - 80 / STD)], rtol=1e-5)
    assert peak < 1e7


def test_frames_hours_beyond_their_sound_have_wrong_times() -> None:
    sound = ramp(1000, offset=2.0)  # until 12 s
    check_times(sound, np.array([0.0, 12.0 + 3599.0]), "video7")
    check_times(MelTrack(sound.rows[:0], 0.01, 0.0), np.array([1e6]), "video7")  # silent
    with pytest.raises(UserError, match=r"video7: its last frame is said to be at 7200 s, .* ends at 12 s"):
        check_times(sound, np.array([0.0, 7200.0]), "video7")


def test_a_track_is_opened_by_its_index(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ramp(7).rows)
    index = pd.DataFrame({"video": ["a", "b"], "hop": 0.01, "offset": [0.25, 0.0], "rows": [7, 0]})
    track = open_track(tmp_path, index, "a")
    assert (len(track.rows), track.hop, track.offset) == (7, 0.01, 0.25)
    assert len(open_track(tmp_path, index, "b").rows) == 0
    with pytest.raises(UserError, match="no video c"):
        open_track(tmp_path, index, "c")
