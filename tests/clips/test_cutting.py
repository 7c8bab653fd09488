from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.clips.cutting import Clips, Footage, Shape, cut_clips, look_back, with_stills
from stages.core.labels import AU_NAMES
from stages.training.samples.faces import Faces, Labels
from stages.training.samples.mels import MelTrack, mel_window
from stages.training.samples.tracks import track

SMALL = Shape(frames=8, dilation=6, size=8, rows=11, steps=11)


def make_footage(numbers: list[int], labelled: list[int], trial: str = "a", masks: bool = True) -> Footage:
    """Faces whose every pixel is their frame's number, masks the number plus 100; 10 frames a second."""
    rows = pd.DataFrame({"trial": trial, "frame": np.array(labelled, np.int32)})
    for name in AU_NAMES:
        rows[name] = (rows["frame"] % 2).astype(np.int8)
    rows["expression"] = (rows["frame"] % 7).astype(np.int8)
    rows["valence"] = rows["arousal"] = (rows["frame"] / 100).astype(np.float32)
    faces = pd.DataFrame({"frame": np.array(numbers, np.int32), "time": np.array(numbers) / 10})
    images: Any = np.broadcast_to(np.array(numbers, np.uint8)[:, None, None, None], (len(numbers), 8, 8, 3))
    sound = MelTrack(np.repeat(np.arange(300, dtype=np.float32)[:, None] / 100, 64, axis=1), 0.05, 0.0)
    footage = track(rows, faces, images, sound)
    return Footage(footage, images[..., 0] + np.uint8(100) if masks else None)


def numbers_of(clips: Clips, index: int) -> list[int]:
    """Frame numbers of a clip; 0 for black."""
    pixels = clips.pixels(np.array([index]))[0]
    assert (pixels == pixels[:, :1, :1]).all()
    assert (pixels[..., :3] == pixels[..., :1]).all()
    return [int(number) for number in pixels[:, 0, 0, 0]]


def test_a_clip_looks_back_from_its_frame() -> None:
    """TSAV's released code: frames i−42, i−36, … i."""
    clips = cut_clips([make_footage(list(range(1, 61)), [50, 60])], SMALL)
    assert numbers_of(clips, 0) == [8, 14, 20, 26, 32, 38, 44, 50]
    assert numbers_of(clips, 1) == [18, 24, 30, 36, 42, 48, 54, 60]


def test_before_the_start_and_without_a_face_frames_are_black() -> None:
    missing = (20, 26, 27)
    present = [number for number in range(5, 61) if number not in missing]
    clips = cut_clips([make_footage(present, [5, 16, 50])], SMALL)
    assert numbers_of(clips, 0) == [0] * 7 + [5]
    assert numbers_of(clips, 1) == [0] * 6 + [10, 16]
    assert numbers_of(clips, 2) == [8, 14, 0, 0, 32, 38, 44, 50]


def test_clips_never_cross_trials() -> None:
    footage = [make_footage(list(range(1, 60)), [59], "a"), make_footage(list(range(101, 140)), [103], "b")]
    clips = cut_clips(footage, SMALL)
    assert numbers_of(clips, 1) == [0] * 7 + [103]
    assert clips.keys().to_numpy().tolist() == [["a", 59], ["b", 103]]


@pytest.mark.parametrize("seed", range(5))
def test_look_back_is_the_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    row = np.where(random.random(80) < 0.3, -1, np.arange(80))
    shape = Shape(frames=int(random.integers(1, 9)), dilation=int(random.integers(1, 9)))
    for place in random.integers(0, 80, 20):
        expected = []
        for back in reversed(range(shape.frames)):
            at = place - back * shape.dilation
            expected.append(int(row[at]) if at >= 0 else -1)
        assert look_back(row, int(place), shape).tolist() == expected


def test_masks_are_the_fourth_channel_and_black_where_there_are_none() -> None:
    with_masks = cut_clips([make_footage(list(range(1, 61)), [50])], SMALL).pixels(np.array([0]))
    without = cut_clips([make_footage(list(range(1, 61)), [50], masks=False)], SMALL).pixels(np.array([0]))
    assert with_masks[0, :, 0, 0, 3].tolist() == [108, 114, 120, 126, 132, 138, 144, 150]
    assert (without[..., 3] == 0).all()
    assert (without[..., :3] == with_masks[..., :3]).all()
    early = cut_clips([make_footage(list(range(1, 61)), [4])], SMALL).pixels(np.array([0]))
    assert early[0, :, 0, 0, 3].tolist() == [0] * 7 + [104]  # an absent frame has no mask


def test_sound_is_centred_on_the_clips_last_frame() -> None:
    footage = make_footage(list(range(1, 61)), [40])
    heard = cut_clips([footage], SMALL).mel(np.array([0]))
    assert heard.shape == (1, 1, 64, 11)
    around = [(80 + row) / 100 for row in range(-5, 6)]  # of second 4, at 20 rows a second
    assert heard[0, 0, 0].tolist() == pytest.approx(around)
    assert np.array_equal(heard[0, 0].T, mel_window(footage.track.sound, 4.0, 11))


def test_ten_seconds_are_published() -> None:
    assert Shape() == (8, 6, 112, 1001, 1001)
    sound = MelTrack(np.zeros((3000, 64), np.float32), 0.01, 0.0)
    footage = make_footage(list(range(1, 61)), [40])
    published = Footage(replace(footage.track, sound=sound), None)
    assert cut_clips([published], Shape(size=8)).mel(np.array([0])).shape == (1, 1, 64, 1001)


def test_fewer_rows_are_means_of_their_shares() -> None:
    clips = cut_clips([make_footage(list(range(1, 61)), [40])], SMALL._replace(steps=4))
    whole = [(80 + row) / 100 for row in range(-5, 6)]
    expected = [np.mean(whole[:2]), np.mean(whole[2:5]), np.mean(whole[5:8]), np.mean(whole[8:])]
    assert clips.mel(np.array([0]))[0, 0, 7].tolist() == pytest.approx(expected)


def test_smaller_frames_are_means_of_what_they_cover() -> None:
    footage = make_footage(list(range(1, 61)), [60])
    random: Any = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3)).astype(np.uint8)
    noise = Footage(replace(footage.track, visual=random), None)
    found = cut_clips([noise], SMALL._replace(size=4)).pixels(np.array([0]))[0, -1, ..., :3]
    expected = random[59].reshape(4, 2, 4, 2, 3).astype(float).mean((1, 3))
    assert np.abs(found - expected).max() <= 0.5


def test_a_still_is_a_clip_that_does_not_move() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    labels = Labels(
        np.arange(3, dtype=np.int8)[:, None].repeat(12, 1) - 1,
        np.array([6, -1, 2], np.int8),
        np.full((3, 2), np.nan, np.float32),
    )
    stills = Faces([images], np.zeros(3, np.int64), np.array([4, 1, 2]), labels)
    clips = with_stills(cut_clips([make_footage(list(range(1, 61)), [50])], SMALL), stills)
    assert [numbers_of(clips, index) for index in range(4)] == [
        [8, 14, 20, 26, 32, 38, 44, 50], [4] * 8, [1] * 8, [2] * 8
    ]  # fmt: skip
    assert clips.targets("EXPR", np.arange(4)).tolist() == [1, 6, -1, 2]
    assert clips.targets("AU", np.arange(4))[:, 3].tolist() == [0, -1, 0, 1]
    assert np.isnan(clips.targets("VA", np.arange(1, 4))).all()
    pixels, heard = clips.pixels(np.array([1])), clips.mel(np.array([1]))
    assert (pixels[..., 3] == 0).all() and (heard == heard.min()).all()


def test_labels_are_those_of_the_last_frame() -> None:
    clips = cut_clips([make_footage(list(range(1, 61)), [7, 12])], SMALL)
    both = np.array([0, 1])
    assert clips.targets("AU", both)[:, 0].tolist() == [1, 0]
    assert clips.targets("EXPR", both).tolist() == [0, 5]
    assert clips.targets("VA", both)[:, 1].tolist() == pytest.approx([0.07, 0.12])
