from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch

from stages.clips.augment import ClipAugment, brighten, change, shift_colours

Random = np.random.default_rng


def changed(augment: ClipAugment, clips: np.ndarray) -> np.ndarray:
    found = clips.copy()
    change(found, augment.draw(len(clips), Random(1)))
    return found


def shifted(images: np.ndarray, hue: int, saturation: int, value: int) -> np.ndarray:
    """RGB [T, S, S, 3], through a clip with masks."""
    clip = np.concatenate([images, np.full_like(images[..., :1], 7)], axis=-1)
    shift_colours(clip, hue, saturation, value)
    assert (clip[..., 3] == 7).all()
    return clip[..., :3]


def some_clips(count: int = 6, size: int = 8) -> np.ndarray:
    clips = Random(0).integers(1, 256, (count, 4, size, size, 4)).astype(np.uint8)
    clips[:, 0] = 0  # absent
    return clips


def test_no_strength_changes_nothing() -> None:
    assert (changed(ClipAugment(), some_clips()) == some_clips()).all()


def test_a_flip_is_of_whole_clips_with_their_masks() -> None:
    clips = some_clips(200, 4)
    found = changed(ClipAugment(flip=0.5), clips)
    kept = (found == clips).all(axis=(1, 2, 3, 4))
    mirrored = (found == clips[:, :, :, ::-1]).all(axis=(1, 2, 3, 4))
    assert (kept ^ mirrored).all()
    assert 70 < mirrored.sum() < 130


def test_colours_change_alike_in_all_frames_and_masks_and_absent_frames_do_not() -> None:
    clips = some_clips()
    clips[:, 2] = clips[:, 1]
    found = changed(ClipAugment(hue=10, saturation=25, value=20), clips)
    assert (found[:, 2] == found[:, 1]).all()
    assert (found[..., 3] == clips[..., 3]).all()
    assert (found[:, 0] == 0).all()
    assert (found[..., :3] != clips[..., :3]).any(axis=(1, 2, 3, 4)).all()


@pytest.mark.parametrize("shift", [(10, 0, 0), (-10, 25, 0), (0, -25, 20), (7, 11, -20)])
def test_shifts_are_those_of_hsv(shift: tuple[int, int, int]) -> None:
    """Against the standard library's exact conversion; 8-bit HSV rounds hue to 2°."""
    hue, saturation, value = shift
    images = Random(0).integers(60, 200, (1, 12, 12, 3)).astype(np.uint8)
    found = shifted(images, hue, saturation, value)
    for before, after in zip(images.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        h, s, v = colorsys.rgb_to_hsv(*(before / 255.0))
        turned = (h + hue / 180) % 1, np.clip(s + saturation / 255, 0, 1), np.clip(v + value / 255, 0, 1)
        expected = np.array(colorsys.hsv_to_rgb(*turned)) * 255
        assert np.abs(after - expected).max() < 8


def test_hue_goes_round_and_saturation_stops() -> None:
    red = np.full((1, 1, 1, 3), (255, 0, 0), np.uint8)
    assert shifted(red, -60, 0, 0)[0, 0, 0].tolist() == [0, 0, 255]
    assert shifted(red, 0, 25, 20)[0, 0, 0].tolist() == [255, 0, 0]


def test_another_light_is_one_factor_a_clip() -> None:
    light = ClipAugment(brightness=0.2).draw(500, Random(0)).light
    assert 0.8 <= light.min() < 0.82 and 1.18 < light.max() <= 1.2 and light.dtype == np.float32
    clips = torch.from_numpy(some_clips(2))
    lit = brighten(clips, torch.tensor([0.5, 1.5]))
    assert torch.equal(lit[0, ..., :3], clips[0, ..., :3] * 0.5)
    assert torch.equal(lit[1, ..., :3], (clips[1, ..., :3] * 1.5).clamp(max=255))
    assert torch.equal(lit[..., 3], clips[..., 3].float())
