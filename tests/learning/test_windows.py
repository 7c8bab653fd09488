from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.corpora.labels import AU_NAMES
from stages.learning.windows import Track, Windows, cut, starts, track
from stages.media.mel import MelTrack, mel_segment

LENGTH = 30


def make_track(
    name: str, numbers: list[int], labelled: list[int] | None = None, marker: float = 1.0
) -> Track:
    """A trial with faces at `numbers`; features are marker · 1000 + frame number, AU1 is set at frame 7."""
    wanted = numbers if labelled is None else labelled
    rows = pd.DataFrame({"trial": name, "frame": np.array(wanted, np.int32)})
    for au in AU_NAMES:
        rows[au] = (rows["frame"] == 7).astype(np.int8)
    rows["expression"] = (rows["frame"] % 7).astype(np.int8)
    rows["valence"] = rows["arousal"] = np.float32(0.25)
    faces = pd.DataFrame({"frame": np.array(numbers, np.int32), "time": (np.array(numbers) - 1) / 25})
    visual = np.repeat(marker * 1000 + np.array(numbers)[:, None], 4, 1).astype(np.float32)
    sound = MelTrack(np.arange(2000 * 64, dtype=np.float32).reshape(2000, 64), 0.005, 0.0)
    return track(rows, faces, visual, sound, LENGTH)


@pytest.mark.parametrize(
    ("frames", "stride", "expected"),
    [
        (30, 10, [0]),
        (31, 10, [0, 1]),
        (60, 10, [0, 10, 20, 30]),
        (65, 10, [0, 10, 20, 30, 35]),
        (33, 1, [0, 1, 2, 3]),
    ],
)
def test_starts_reach_the_end(frames: int, stride: int, expected: list[int]) -> None:
    assert starts(frames, LENGTH, stride) == expected


def test_windows_never_cross_trials() -> None:
    tracks = [make_track("a", list(range(1, 48)), marker=1), make_track("b", list(range(1, 70)), marker=2)]
    windows = cut(tracks, LENGTH, 10)
    owners = windows.visual(np.arange(len(windows)))[..., 0] // 1000
    assert (owners == owners[:, :1]).all()
    assert set(owners[:, 0]) == {1, 2}


def test_a_window_is_consecutive_frames_and_gaps_keep_their_place() -> None:
    numbers = [n for n in range(3, 43) if n not in (10, 11, 12)]
    windows = cut([make_track("a", numbers)], LENGTH, 10)
    first = np.array([0])
    frames = windows.visual(first)[0, :, 0] - 1000
    expected = np.arange(3, 33)
    absent = np.isin(expected, (10, 11, 12))
    assert (windows.absent(first)[0] == absent).all()
    assert (frames[~absent] == expected[~absent]).all()
    assert (windows.visual(first)[0, absent] == 0).all()
    targets = windows.targets("AU", first)[0]
    assert (targets[absent] == -1).all() and targets[7 - 3].tolist() == [1] * 12


def test_a_video_shorter_than_a_window_fills_one() -> None:
    windows = cut([make_track("a", list(range(1, 13)))], LENGTH, 10)
    assert len(windows) == 1
    assert windows.absent(np.array([0]))[0].tolist() == [False] * 12 + [True] * 18
    assert (windows.targets("EXPR", np.array([0]))[0, 12:] == -1).all()
    keys, means = windows.average(np.ones((1, LENGTH, 2)))
    assert len(keys) == len(means) == 12


def test_windows_without_a_labelled_face_are_left_out() -> None:
    windows = cut([make_track("a", list(range(1, 101)), labelled=list(range(1, 21)))], LENGTH, 10)
    assert windows.start.tolist() == [0, 10]


def test_average_over_the_windows_that_hold_a_frame() -> None:
    windows = cut([make_track("a", list(range(5, 45)))], LENGTH, 10)  # starts 0, 10
    keys, means = windows.average(np.stack([np.full((LENGTH, 1), 2.0), np.full((LENGTH, 1), 4.0)]))
    assert keys["frame"].tolist() == list(range(5, 45))
    assert means[:, 0].tolist() == [2.0] * 10 + [3.0] * 20 + [4.0] * 10


def test_unlabelled_frames_and_gaps_are_not_predicted() -> None:
    one = make_track("a", [1, 2, 5, 6, 7], labelled=[2, 3, 4, 5])
    keys, _ = cut([one], LENGTH, 10).average(np.zeros((1, LENGTH, 3)))
    assert keys["frame"].tolist() == [2, 5]


def test_sound_is_that_of_the_windows_frames_in_training_and_prediction() -> None:
    one = make_track("a", list(range(1, 61)))
    train, predict = cut([one], LENGTH, 10), cut([one], LENGTH, 5)
    place = predict.start.tolist().index(20)
    expected = mel_segment(one.sound, np.arange(20, 50) / 25, 100)
    for windows, chosen in ((train, 2), (predict, place)):
        assert np.allclose(windows.mel(np.array([chosen]), 100)[0], expected)


def test_time_runs_on_past_the_last_face() -> None:
    one = make_track("a", [1, 2, 3, 8])
    assert np.allclose(one.time, np.arange(LENGTH) / 25)


def test_features_tell_their_length() -> None:
    windows: Windows = cut([make_track("a", [1, 2])], LENGTH, 10)
    assert windows.features == 4
