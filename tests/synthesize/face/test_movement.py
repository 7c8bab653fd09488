"""Every unit moves the points that it should, smoothly, and never folds the skin."""

from __future__ import annotations

import numpy as np
import pytest

from stages.synthesize.face import UNITS, Face, FaceState, aperture, lips_apart, state
from stages.synthesize.face.fields import LOOSE
from stages.synthesize.face.space import COARSE, sample_map

INNER_BROWS, OUTER_BROWS = [37, 38, 42, 50], [33, 34, 45, 46]


def change(face: Face, **units: float) -> np.ndarray:
    """Displacement [106, 2] of the points by units at the given intensities."""
    return face.points(state(units)) - face.points(state())


def gap(face: Face, units: dict[str, float]) -> float:
    points = face.points(state(units))
    return float(points[102, 1] - points[98, 1])


def height(face: Face, upper: int, lower: int, **units: float) -> float:
    points = face.points(state(units))
    return float(points[lower, 1] - points[upper, 1])


def test_brow_units(faces: list[Face]) -> None:
    for face in faces:
        inner, outer = change(face, AU1=1)[INNER_BROWS, 1].mean(), change(face, AU1=1)[OUTER_BROWS, 1].mean()
        assert inner < -0.08 and outer > 0.45 * inner
        inner, outer = change(face, AU2=1)[INNER_BROWS, 1].mean(), change(face, AU2=1)[OUTER_BROWS, 1].mean()
        assert outer < -0.08 and inner > 0.45 * outer
        frown = change(face, AU4=1)
        assert frown[INNER_BROWS, 1].mean() > 0.05
        assert frown[37, 0] > 0.02 and frown[42, 0] < -0.02


def test_lid_units(faces: list[Face]) -> None:
    for face in faces:
        rest = height(face, 68, 72)
        assert height(face, 68, 72, AU5=1) > 1.15 * rest
        assert height(face, 68, 72, AU7=1) < 0.75 * rest
        assert height(face, 68, 72, AU6=1) < 0.85 * rest
        assert height(face, 68, 72, AU43=1) < 0.1 * rest
        assert np.abs(change(face, AU7=1)[84:96]).max() < 0.01


def test_corner_units(faces: list[Face]) -> None:
    for face in faces:
        smile, sad = change(face, AU12=1), change(face, AU15=1)
        assert (smile[[84, 90], 1] < -0.07).all() and smile[90, 0] > 0.08 > -0.08 > smile[84, 0]
        assert (sad[[84, 90], 1] > 0.06).all()
        assert change(face, AU23=1)[90, 0] < -0.04 < 0.04 < change(face, AU23=1)[84, 0]
        assert abs(change(face, AU24=1)[90, 0]) < 0.02


def test_pressed_and_tightened_lips_are_thin(faces: list[Face]) -> None:
    for face in faces:
        rest = height(face, 87, 93)
        assert height(face, 87, 93, AU24=1) < 0.6 * rest
        assert height(face, 87, 93, AU23=1) < 0.75 * rest


def test_opening_units(faces: list[Face]) -> None:
    for face in faces:
        assert change(face, AU26=1, AU25=1)[16, 1] > 0.12
        assert change(face, AU27=1)[16, 1] > change(face, AU26=1)[16, 1]
        assert abs(change(face, AU25=1)[16, 1]) < 0.03
        assert gap(face, {"AU25": 1.0}) > gap(face, {"AU25": 0.3}) > gap(face, {}) + 0.01
        assert change(face, AU10=1)[87, 1] < -0.05


@pytest.mark.parametrize(
    "units, apart",
    [
        ({}, False),
        ({"AU12": 1.0}, False),
        ({"AU15": 1.0, "AU17": 1.0}, False),
        ({"AU24": 1.0}, False),
        ({"AU26": 0.2}, False),
        ({"AU25": 0.5}, True),
        ({"AU10": 1.0}, True),
        ({"AU26": 1.0}, True),
        ({"AU27": 1.0}, True),
        ({"AU25": 1.0, "AU26": 1.0, "AU24": 0.3}, True),
    ],
)
def test_lips_apart_is_what_the_points_show(faces: list[Face], units: dict[str, float], apart: bool) -> None:
    values = state(units).units
    assert lips_apart(values) is apart
    for face in faces:
        assert gap(face, units) - gap(face, {}) == pytest.approx(aperture(values), abs=0.004)


def random_state(rng: np.random.Generator) -> FaceState:
    active = rng.random((1, len(UNITS))) < rng.uniform(0.05, 0.6)
    return FaceState((active * rng.random((2, len(UNITS)))).astype(np.float32))


def test_texture_follows_the_points(faces: list[Face]) -> None:
    """Skin at a point moves as the point does: 95% within a hundredth of the interocular distance."""
    rng = np.random.default_rng(7)
    held = np.setdiff1d(np.arange(106), LOOSE)
    error = []
    for k in range(40):
        face, drawn = faces[k % len(faces)], random_state(rng)
        rest = face.rest.astype(np.float32)
        moved = sample_map(face.field(drawn), rest[None, :, 0], rest[None, :, 1], COARSE)[0]
        error.append(np.linalg.norm(face.rest + moved - face.points(drawn), axis=1)[held])
    assert np.percentile(error, 95) < 0.012


def test_no_sum_of_units_folds_the_skin(faces: list[Face]) -> None:
    rng = np.random.default_rng(5)
    states = [random_state(rng) for _ in range(60)] + [state(dict.fromkeys(UNITS, 1.0))]
    for k, drawn in enumerate(states):
        field = faces[k % len(faces)].field(drawn)
        dy, dx = np.gradient(field, 1 / COARSE, axis=(0, 1))
        area = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
        assert area.min() > 0.05


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_pops(faces: list[Face], unit: str) -> None:
    """The largest step of a sweep is at most twice the median step."""
    track = np.array([faces[0].points(state({unit: t})) for t in np.linspace(0, 1, 26)])
    steps = np.linalg.norm(np.diff(track, axis=0), axis=-1).max(1)
    assert steps.max() <= 2 * np.median(steps) + 1e-4


def test_lids_never_cross_nor_lips(faces: list[Face]) -> None:
    rng = np.random.default_rng(6)
    for k in range(80):
        points = faces[k % len(faces)].points(random_state(rng))
        assert (points[[73, 72, 71, 82, 81, 80], 1] > points[[67, 68, 69, 76, 77, 78], 1]).all()
        assert (points[[103, 102, 101], 1] - points[[97, 98, 99], 1] > -1e-3).all()
        assert (points[91:96, 1].max(), -points[85:90, 1].min()) > (points[102, 1], -points[98, 1])
