"""Faces cut out of the planes against converting the whole frame to RGB and warping that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stages.media.align import TEMPLATE, similarity
from stages.media.decode import read_frames
from stages.media.frame import Frame
from stages.media.warp import warp, warp_face
from tests.media.videos import astronaut, write_video

POINTS = np.array([[140, 95], [190, 100], [165, 125], [145, 150], [185, 153]], np.float64)


@pytest.fixture(scope="module", params=["yuv420p", "yuv422p", "yuv444p"])
def frame(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Frame:
    path = tmp_path_factory.mktemp("warp") / f"{request.param}.mp4"
    return next(read_frames(write_video(path, [astronaut()], pix_fmt=request.param)))


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second).mean())


@pytest.mark.parametrize("size", [1.0, 0.75], ids=["shrunk", "as is"])
def test_is_what_the_long_way_gives(frame: Frame, size: float) -> None:
    points = POINTS.mean(0) + size * (POINTS - POINTS.mean(0))
    expected = cv2.warpAffine(frame.rgb(), similarity(points, TEMPLATE), (112, 112))
    assert difference(warp_face(frame, points), expected) < 0.8


def test_large_faces_are_averaged_not_sampled(frame: Frame) -> None:
    """A face three times the crop's size: against shrinking the whole picture by area first."""
    points = POINTS.mean(0) + 2.2 * (POINTS - POINTS.mean(0))
    third = cv2.resize(frame.rgb(), (107, 80), interpolation=cv2.INTER_AREA)
    scaled = (points + 0.5) * [107 / 320, 80 / 240] - 0.5
    expected = cv2.warpAffine(third, similarity(scaled, TEMPLATE), (112, 112))
    assert difference(warp_face(frame, points)[8:-8, 8:-8], expected[8:-8, 8:-8]) < 4
    stripes = np.zeros((240, 320), np.uint8)
    stripes[:, ::2] = 255  # finer than the crop can show: grey, not stripes
    fine = Frame(
        (stripes, np.full((120, 160), 128, np.uint8), np.full((120, 160), 128, np.uint8)), *frame_rest()
    )
    assert warp(fine, np.array([[0.25, 0, 0], [0, 0.25, 0.0]]), 48).std() < 10


def frame_rest() -> tuple[np.ndarray, tuple[int, int, int], float]:
    from stages.media.colour import BT601, matrix

    return matrix(*BT601, full=True), (0, 128, 128), 0.0


@pytest.mark.parametrize("centre", [(0, 0), (319, 239), (-500, 100), (160, 5000)])
@pytest.mark.parametrize("size", [0.5, 1.0, 4.0])
def test_outside_the_picture_is_black(frame: Frame, centre: tuple[int, int], size: float) -> None:
    points = np.array(centre) + size * (POINTS - POINTS.mean(0))
    crop = warp_face(frame, points)
    x, y = np.meshgrid(np.arange(112), np.arange(112))
    matrix = similarity(TEMPLATE, points)
    there = np.stack([x, y], -1) @ matrix[:, :2].T + matrix[:, 2]
    reach = 3 * size + 3  # bilinear and averaged borders blend
    outside = ((there < -reach) | (there > np.array([319, 239]) + reach)).any(-1)
    assert outside.any() and (crop[outside] <= 1).all()
