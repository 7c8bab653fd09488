from __future__ import annotations

import numpy as np
import pytest

from stages.training.samples.mels import mel_segment
from stages.training.samples.tracks import Track
from stages.training.samples.windows import Cut, Windows, cut_windows, cuts, starts
from tests.training.samples.test_tracks import make_track as on_axis

LENGTH = 30
SHIFTED = Cut(LENGTH, 10)


def make_track(
    name: str,
    numbers: list[int],
    labelled: list[int] | None = None,
    marker: float = 1.0,
    cut: Cut = SHIFTED,
) -> Track:
    """A trial with room for the windows of a cut."""
    return on_axis(name, numbers, labelled, marker, cut.margin, cut.length)


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
    windows = cut_windows(tracks, SHIFTED)
    owners = windows.visual(np.arange(len(windows)))[..., 0] // 1000
    assert (owners == owners[:, :1]).all()
    assert set(owners[:, 0]) == {1, 2}


def test_a_window_is_consecutive_frames_and_gaps_keep_their_place() -> None:
    numbers = [n for n in range(3, 43) if n not in (10, 11, 12)]
    windows = cut_windows([make_track("a", numbers)], SHIFTED)
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
    windows = cut_windows([make_track("a", list(range(1, 13)))], SHIFTED)
    assert len(windows) == 1
    assert windows.absent(np.array([0]))[0].tolist() == [False] * 12 + [True] * 18
    assert (windows.targets("EXPR", np.array([0]))[0, 12:] == -1).all()
    keys, means = windows.per_frame(np.ones((1, LENGTH, 2)))
    assert len(keys) == len(means) == 12


def test_windows_without_a_labelled_face_are_left_out() -> None:
    windows = cut_windows([make_track("a", list(range(1, 101)), labelled=list(range(1, 21)))], SHIFTED)
    assert windows.start.tolist() == [0, 10]


def test_average_over_the_windows_that_hold_a_frame() -> None:
    windows = cut_windows([make_track("a", list(range(5, 45)))], SHIFTED)  # starts 0, 10
    keys, means = windows.per_frame(np.stack([np.full((LENGTH, 1), 2.0), np.full((LENGTH, 1), 4.0)]))
    assert keys["frame"].tolist() == list(range(5, 45))
    assert means[:, 0].tolist() == [2.0] * 10 + [3.0] * 20 + [4.0] * 10


def test_unlabelled_frames_and_gaps_are_not_predicted() -> None:
    one = make_track("a", [1, 2, 5, 6, 7], labelled=[2, 3, 4, 5])
    keys, _ = cut_windows([one], SHIFTED).per_frame(np.zeros((1, LENGTH, 3)))
    assert keys["frame"].tolist() == [2, 5]


def test_sound_is_that_of_the_windows_frames_in_training_and_prediction() -> None:
    one = make_track("a", list(range(1, 61)))
    train, predict = cut_windows([one], SHIFTED), cut_windows([one], Cut(LENGTH, 5))
    place = predict.start.tolist().index(20)
    expected = mel_segment(one.sound, np.arange(20, 50) / 25, 100)
    for windows, chosen in ((train, 2), (predict, place)):
        assert np.allclose(windows.mel(np.array([chosen]), 100)[0], expected)


def test_features_tell_their_length() -> None:
    windows: Windows = cut_windows([make_track("a", [1, 2])], SHIFTED)
    assert windows.features == 4


def middles(numbers: list[int], labelled: list[int] | None = None) -> Windows:
    """Windows of 9 frames of one trial, one centred on every frame to predict, as prediction cuts them."""
    cut = cuts(9, 4, None)[1]
    return cut_windows([make_track("a", numbers, labelled, cut=cut)], cut)


@pytest.mark.parametrize("numbers", [[*range(5, 45)], [*range(5, 15), *range(22, 40)], [3, 4, 6], [7]])
def test_every_frame_stands_in_the_middle_of_its_own_window(numbers: list[int]) -> None:
    windows = middles(numbers)
    chosen = np.arange(len(windows))
    assert len(windows) == len(numbers)
    frames, absent = windows.visual(chosen)[..., 0] - 1000, windows.absent(chosen)
    for window, number in enumerate(numbers):
        around = np.arange(number - 4, number + 5)
        assert absent[window].tolist() == (~np.isin(around, numbers)).tolist()
        assert frames[window][~absent[window]].tolist() == [n for n in around if n in numbers]


def test_the_middle_of_the_centred_window_is_kept() -> None:
    numbers = [*range(5, 15), *range(22, 40)]
    windows = middles(numbers, labelled=[5, 13, 17, 22, 39])  # 17 has no face
    outputs = windows.visual(np.arange(len(windows)))[..., :2] - 1000  # each frame says its own number
    keys, values = windows.per_frame(outputs)
    assert keys["frame"].tolist() == [5, 13, 22, 39]
    assert values.tolist() == [[5, 5], [13, 13], [22, 22], [39, 39]]


def test_centred_windows_of_two_trials_stay_apart() -> None:
    cut = cuts(9, 4, None)[1]
    tracks = [make_track("a", [1, 2, 3], marker=1, cut=cut), make_track("b", [1, 2], marker=2, cut=cut)]
    windows = cut_windows(tracks, cut)
    seen = windows.visual(np.arange(5))[..., 0]
    assert [set(row[row > 0] // 1000) for row in seen] == [{1}, {1}, {1}, {2}, {2}]
    keys, values = windows.per_frame(seen[..., None])
    assert keys["trial"].tolist() == list("aaabb")
    assert values[:, 0].tolist() == [1001, 1002, 1003, 2001, 2002]


def test_training_knows_windows_that_reach_past_the_ends_as_prediction_does() -> None:
    train, predict = cuts(9, 4, None)
    assert train == Cut(9, 4, 4) and predict == Cut(9, None, 4)
    windows = cut_windows([make_track("a", [*range(1, 31)], cut=train)], train)
    absent = windows.absent(np.arange(len(windows)))
    assert absent[0].tolist() == [True] * 4 + [False] * 5
    assert absent[-1].tolist() == [False] * 5 + [True] * 4
    assert (windows.targets("EXPR", np.array([0]))[0, :4] == -1).all()


def test_windows_with_a_stride_have_no_margin() -> None:
    assert cuts(30, 10, 5) == (Cut(30, 10), Cut(30, 5))


def test_only_windows_with_a_label_of_the_tasks_teach() -> None:
    track = make_track("a", list(range(1, 91)))
    track.labels.au[:40] = -1
    track.labels.expression[:] = -1
    windows = cut_windows([track], SHIFTED)
    assert windows.start.tolist() == [0, 10, 20, 30, 40, 50, 60]
    assert windows.taught(["AU", "EXPR"]).tolist() == [2, 3, 4, 5, 6]
    assert windows.taught(["EXPR"]).tolist() == []
