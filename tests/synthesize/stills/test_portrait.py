from __future__ import annotations

import numpy as np

from stages.core.labels import AU_NAMES, EXPRESSIONS
from stages.media.align import TEMPLATE
from stages.synthesize.acting.labels import occurrence
from stages.synthesize.face import Face, sample_identity, state
from stages.synthesize.stills.portrait import FIVE, MEDIAN_ERROR, detected, photograph
from stages.synthesize.stills.poses import Pose, affect_pose, neutral_pose


def poses(count: int) -> list[Pose]:
    rng = np.random.default_rng(0)
    return [affect_pose(rng) for _ in range(count)]


def test_five_points_are_off_as_a_detectors_are() -> None:
    points = np.array([[10, 20], [60, 20], [35, 50], [15, 80], [55, 80]], np.float32)
    rng = np.random.default_rng(0)
    errors = [np.linalg.norm(detected(rng, points) - points, axis=1) / 50 for _ in range(2000)]
    assert abs(np.median(errors) - MEDIAN_ERROR) < 0.003


def test_crops_are_aligned_to_the_template() -> None:
    rng = np.random.default_rng(0)
    face = Face(sample_identity(rng))
    stills = [photograph(rng, face, state({"AU12": 0.5}).units) for _ in range(30)]
    offsets = np.array([still.points[list(FIVE)] - TEMPLATE for still in stills])
    assert np.median(np.linalg.norm(offsets, axis=2)) < 0.15 * 35
    assert np.abs(offsets.mean(axis=(0, 1))).max() < 1.5
    assert {still.image.shape for still in stills} == {(112, 112, 3)}


def test_affect_poses_show_each_unit_often_and_every_expression() -> None:
    drawn = poses(2500)
    share = np.array([occurrence(pose.units) for pose in drawn]).mean(axis=0)
    assert share.min() > 0.135, dict(zip(AU_NAMES, share.round(2).tolist(), strict=True))
    labels = np.bincount(np.array([pose.expression for pose in drawn]) + 1, minlength=8)
    assert labels.min() > 100
    assert len(labels) == len(EXPRESSIONS) + 1


def test_no_unit_implies_another() -> None:
    coded = np.array([occurrence(pose.units) for pose in poses(2500)]).astype(float)
    together = np.corrcoef(coded.T) - np.eye(12)
    assert np.abs(together).max() < 0.6
    smiles = coded[:, AU_NAMES.index("AU12")] == 1
    cheeks = coded[:, AU_NAMES.index("AU6")] == 1
    assert min((smiles & ~cheeks).sum(), (cheeks & ~smiles).sum(), (smiles & cheeks).sum()) > 80


def test_a_neutral_face_shows_nothing_but_lips_or_lids() -> None:
    rng = np.random.default_rng(0)
    coded = np.array([occurrence(neutral_pose(rng).units) for _ in range(200)])
    assert set(np.array(AU_NAMES)[coded.any(axis=0)]) <= {"AU25"}
