from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.core import pictures


def test_montage_shows_face_points_and_mask_in_rows() -> None:
    faces = np.full((2, 112, 112, 3), 100, np.uint8)
    faces[1] = 200
    masks = np.zeros((2, 112, 112), np.uint8)
    masks[1, 50:60, 20:30] = 255
    points = np.array([[[10.0, 20.0]], [[100.0, 5.0]]])
    montage = pictures.mask_montage(faces, points, masks)
    assert montage.shape == (3 * 224, 2 * 224, 3)
    assert (montage[:224, :224] == 100).all() and (montage[:224, 224:] == 200).all()
    assert tuple(montage[224 + 40, 20]) == pictures.POINT
    assert tuple(montage[224 + 10, 224 + 200]) == pictures.POINT
    assert montage[448 + 110, 224 + 50].tolist() == [255] * 3 and montage[448 + 110, 50].tolist() == [0] * 3


def test_points_outside_the_crop_are_left_out() -> None:
    faces = np.zeros((1, 112, 112, 3), np.uint8)
    outside = pictures.mask_montage(faces, np.array([[[-20.0, 500.0]]]), faces[..., 0])
    assert not outside.any()


@pytest.mark.parametrize(("count", "most", "indices"), [(3, 8, [0, 1, 2]), (9, 3, [0, 4, 8]), (1, 4, [0])])
def test_spread(count: int, most: int, indices: list[int]) -> None:
    assert pictures.spread(count, most) == indices


def test_png_is_rgb(tmp_path: Path) -> None:
    image = np.zeros((4, 5, 3), np.uint8)
    image[..., 0] = 255
    pictures.write_png(tmp_path / "red.png", image)
    assert cv2.imread(str(tmp_path / "red.png"))[0, 0].tolist() == [0, 0, 255]


def test_mel_picture_is_the_same_twice_and_shows_the_sound(tmp_path: Path) -> None:
    decibels = np.full((400, 64), -80.0)
    decibels[100:200, 10:20] = 0
    for name, values in (("a", decibels), ("b", decibels), ("other", decibels[::-1])):
        pictures.mel_picture(tmp_path / f"{name}.png", values, hop=0.005, rate=44100, title="tone")
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in ("a", "b", "other"))
    assert first == again != other
