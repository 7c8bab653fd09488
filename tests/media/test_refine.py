"""Following points: mirror-symmetric to a thousandth, steady, and aware of what is no face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stages.media.detect import mtcnn
from stages.media.refine import Refiner, onet
from stages.media.track import MIN_SCORE, polish
from tests.media.faces import as_frame, astronaut, eyes, mirrored, six_people

# Pupils, tip of the nose and mouth corners, marked by hand.
ASTRONAUT = np.array([[203.1, 100.3], [245.8, 103.6], [224.2, 130.2], [201.7, 140.3], [243.4, 142.1]])


@pytest.fixture(scope="module")
def refine() -> Refiner:
    return onet()


@pytest.mark.parametrize("picture", [astronaut(), six_people()], ids=["astronaut", "six people"])
def test_the_shift_to_the_right_is_gone(refine: Refiner, picture: np.ndarray) -> None:
    """Every face lies where its mirror image lies."""
    detect = mtcnn()
    flipped = np.ascontiguousarray(picture[:, ::-1])
    here = [polish(as_frame(picture), face, refine).points for face in detect(picture)]
    there = [polish(as_frame(flipped), face, refine).points for face in detect(flipped)]
    for points in here:
        back = [mirrored(other, picture.shape[1]) for other in there]
        assert min(np.abs(points - other).max() for other in back) < 0.03 * eyes(points)


@pytest.mark.parametrize("offset", [(0.2, 0), (-0.2, 0.1), (0, -0.2)])
@pytest.mark.parametrize("scale", [0.85, 1.2])
def test_comes_back_from_a_bad_start(refine: Refiner, offset: tuple[float, float], scale: float) -> None:
    frame = as_frame(astronaut())
    best = ASTRONAUT
    bad = ASTRONAUT.mean(0) + scale * (ASTRONAUT - ASTRONAUT.mean(0)) + np.array(offset) * eyes(ASTRONAUT)
    for _ in range(5):
        best, bad = refine(frame, best).points, refine(frame, bad).points
    assert np.abs(bad - best).max() < 0.01 * eyes(best)
    assert np.abs(best - ASTRONAUT).max() < 0.06 * eyes(ASTRONAUT)


def test_turns_and_grows_with_the_face(refine: Refiner) -> None:
    matrix = cv2.getRotationMatrix2D((220, 140), 25, 1.5)
    turned = cv2.warpAffine(astronaut(), matrix, (512, 512))
    before, after = ASTRONAUT, ASTRONAUT @ matrix[:, :2].T + matrix[:, 2]
    for _ in range(3):
        before = refine(as_frame(astronaut()), before).points
        after = refine(as_frame(turned), after).points
    assert np.abs(before @ matrix[:, :2].T + matrix[:, 2] - after).max() < 0.06 * eyes(after)


def test_box_holds_the_face(refine: Refiner) -> None:
    face = refine(as_frame(astronaut()), ASTRONAUT)
    (found,) = mtcnn()(astronaut())
    assert np.abs(face.box - found.box).max() < 0.5 * eyes(face.points)


def test_score_tells_faces_from_the_rest(refine: Refiner) -> None:
    frame = as_frame(astronaut())
    assert refine(frame, ASTRONAUT).score > 0.99
    assert refine(frame, ASTRONAUT + np.array([0, 200])).score < MIN_SCORE
    assert refine(frame, ASTRONAUT + np.array([5000, 0])).score < MIN_SCORE
