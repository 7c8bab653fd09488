"""Pictures are seen as a player shows them: turned, mirrored, and with square pixels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from stages.media.decode import read_frames
from stages.media.extract import Search, extract
from stages.media.geometry import Geometry, geometry
from stages.media.still import read_still
from stages.media.warp import warp
from tests.media.videos import astronaut, set_display_matrix, write_video

# Display matrices (a, b, c, d) and what a viewer does to the stored picture.
MATRICES = {
    (1, 0, 0, 1): lambda image: image,
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
    (1, 0, 0, -1): lambda image: image[::-1],
    (-1, 0, 0, -1): lambda image: image[::-1, ::-1],
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (0, -1, 1, 0): lambda image: np.rot90(image, 1),
    (0, 1, 1, 0): lambda image: image.swapaxes(0, 1),
    (0, -1, -1, 0): lambda image: np.rot90(image, 1)[:, ::-1],
}
# What was done to a picture that a viewer undoes by EXIF's orientation (JEITA CP-3451, 4.6.4).
EXIF = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
CROP = np.array([[0.7, 0.2, -60.0], [-0.2, 0.7, 15.0]])  # picture → crop


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found.astype(int) - expected).mean())


def seen(image: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(np.ascontiguousarray(image), CROP, (112, 112))


@pytest.mark.parametrize("matrix", MATRICES, ids=str)
def test_display_matrix(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Whole pictures and what is cut out of the planes."""
    image = astronaut()
    path = set_display_matrix(write_video(tmp_path / "a.mp4", [image]), matrix)
    expected = MATRICES[matrix](image)
    frame = next(read_frames(path))
    assert frame.size == expected.shape[1::-1]
    assert apart(frame.rgb(), expected) < 4
    assert apart(warp(frame, CROP, 112), seen(expected)) < 4
    half = (expected.shape[1] // 2, expected.shape[0] // 2)
    assert apart(frame.rgb(half), cv2.resize(expected, half, interpolation=cv2.INTER_AREA)) < 4


@pytest.mark.parametrize(
    ("name", "stored", "pixel"),
    [
        ("wide.mp4", (240, 240), Fraction(4, 3)),
        ("wide.mkv", (160, 240), Fraction(2)),
        ("tall.mp4", (320, 120), Fraction(1, 2)),
        ("pal.avi", (240, 240), Fraction(4, 3)),
        ("pal.mpg", (240, 240), Fraction(4, 3)),
    ],
)
def test_pixels_that_are_not_square(
    tmp_path: Path, name: str, stored: tuple[int, int], pixel: Fraction
) -> None:
    image = astronaut()
    squeezed = cv2.resize(image, stored, interpolation=cv2.INTER_AREA)
    codec = {".avi": "mpeg4", ".mpg": "mpeg2video"}.get(Path(name).suffix, "libx264")
    path = write_video(tmp_path / name, [squeezed] * 3, codec=codec, pixel=pixel)
    frame = next(read_frames(path))
    assert frame.size == (320, 240)
    assert apart(frame.rgb(), cv2.resize(squeezed, (320, 240))) < 4
    assert apart(warp(frame, CROP, 112), seen(image)) < 7


def test_a_turned_film_with_wide_pixels(tmp_path: Path) -> None:
    """Pixels are made square before the picture is turned."""
    squeezed = cv2.resize(astronaut(), (160, 240), interpolation=cv2.INTER_AREA)
    path = write_video(tmp_path / "a.mp4", [squeezed], pixel=Fraction(2))
    frame = next(read_frames(set_display_matrix(path, (0, 1, -1, 0))))
    assert frame.size == (240, 320)
    assert apart(frame.rgb(), np.rot90(astronaut(), -1)) < 7


def test_boxes_and_points_are_in_the_picture_shown(tmp_path: Path) -> None:
    plain = extract(write_video(tmp_path / "a.mp4", [astronaut()]), Search())
    path = write_video(tmp_path / "b.mp4", [np.ascontiguousarray(astronaut()[:, ::-1])])
    mirrored = extract(set_display_matrix(path, (-1, 0, 0, 1)), Search())
    places = ["x0", "y0", "x1", "y1", "p0x", "p0y", "p4x", "p4y"]
    assert np.abs(plain[1][places].to_numpy() - mirrored[1][places].to_numpy()).max() < 1.5
    assert apart(plain[0], mirrored[0]) < 6


@pytest.mark.parametrize("orientation", EXIF)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_exif(tmp_path: Path, orientation: int, suffix: str) -> None:
    picture, exif = Image.fromarray(astronaut()), Image.Exif()
    exif[274] = orientation
    undone = EXIF[orientation]
    stored = picture if undone is None else picture.transpose(undone)
    path = tmp_path / f"a.{suffix}"
    stored.save(path, exif=exif, quality=95)
    (frame,) = read_frames(path)
    assert frame.size == (320, 240)
    assert apart(frame.rgb(), astronaut()) < 3
    assert (read_still(path) == frame.rgb()).all()
    assert apart(warp(frame, CROP, 112), seen(astronaut())) < 3


@pytest.mark.parametrize("pixel", [None, Fraction(0), Fraction(1, 100), Fraction(100)])
def test_pixels_of_an_absurd_shape_are_square(pixel: Fraction | None) -> None:
    assert geometry(av.VideoFrame(64, 48, "yuv420p"), pixel) == Geometry()


@pytest.mark.parametrize("matrix", MATRICES, ids=str)
def test_corners_go_to_corners(matrix: tuple[int, int, int, int]) -> None:
    """A 6×4 picture of pixels twice as wide as high covers 12×4; edges are half a pixel off the centres."""
    a, b, c, d = matrix
    shown = Geometry((a, c), (b, d), Fraction(2))
    corners = shown.matrix((6, 4)) @ np.array([[-0.5, 5.5], [-0.5, 3.5], [1, 1]])
    width, height = (4, 12) if shown.turned else (12, 4)
    assert shown.size((6, 4)) == (width, height)
    np.testing.assert_allclose(np.sort(corners[:2], axis=1), [[-0.5, width - 0.5], [-0.5, height - 0.5]])
