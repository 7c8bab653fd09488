"""The similarity transform against scikit-image's, on random points and on six real faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.transform import SimilarityTransform

from stages.media.align import TEMPLATE, invert, similarity, transform
from stages.media.detect import mtcnn
from stages.media.refine import onet
from stages.media.track import polish
from tests.media.faces import as_frame, eyes, six_people


@pytest.mark.parametrize("seed", range(5))
def test_is_umeyama(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source, target = rng.normal(50, 20, (2, 5, 2))
    target += source  # something like a similarity, or the best one may need a reflection
    expected = SimilarityTransform()
    expected.estimate(source, target)
    assert np.allclose(similarity(source, target), expected.params[:2])


def test_recovers_rotation_scale_and_shift() -> None:
    turn, scale, shift = np.deg2rad(30), 0.4, np.array([7.0, -3.0])
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = similarity(TEMPLATE, TEMPLATE @ linear.T + shift)
    assert np.allclose(matrix, np.column_stack([linear, shift]))
    assert np.allclose(transform(invert(matrix), transform(matrix, TEMPLATE)), TEMPLATE)


def test_points_that_coincide() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.ones((5, 2)), TEMPLATE)


def turned(points: np.ndarray) -> float:
    """How far the nose is from between the eyes, in interocular distances: 0.5 and more for a profile."""
    along = (points[1] - points[0]) / eyes(points)
    return float(abs((points[2] - points[:2].mean(0)) @ along) / eyes(points))


def test_six_real_faces_land_on_the_template() -> None:
    """Found, aligned, found again in the crop: eyes, nose and mouth lie where the template wants them."""
    picture, detect, refine = six_people(), mtcnn(), onet()
    faces = [polish(as_frame(picture), face, refine) for face in detect(picture)]
    assert len(faces) == 6
    for face in faces:
        wide = similarity(face.points, TEMPLATE * 2 + 112)  # twice the size, with room around
        crop = cv2.warpAffine(picture, wide, (448, 448))
        errors = [np.abs((again.points - 112) / 2 - TEMPLATE).mean() for again in detect(crop)]
        limit = 3.5 if turned(face.points) < 0.35 else 5.0  # a profile is no similarity of the template
        assert min(errors) < limit  # pixels of 112; the eyes are 35 apart
