"""Pictures of faces: determinism, points on the texture, box, sides, and effects seen in the pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stages.synthesize.face import (
    UNITS,
    Drawn,
    Face,
    FaceState,
    Light,
    aperture,
    sample_identity,
    sample_light,
    state,
)

GREY = np.full((240, 320, 3), 128, np.uint8)


def draw(
    face: Face, light: Light, units: dict[str, float] | None = None, scale: float = 60.0, **pose: float
) -> Drawn:
    return face.draw(GREY, state(units, **pose), light, (160.0, 95.0), scale)


def luma(image: np.ndarray, points: np.ndarray, margin: int = 0) -> np.ndarray:
    """Grey levels in the bounding box of points [n, 2]."""
    (x0, y0), (x1, y1) = (
        np.floor(points.min(0)).astype(int) - margin,
        np.ceil(points.max(0)).astype(int) + margin,
    )
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[y0 : y1 + 1, x0 : x1 + 1].astype(float)


def test_same_person_state_and_light_give_the_same_bytes(light: Light) -> None:
    def once() -> Drawn:
        return draw(
            Face(sample_identity(np.random.default_rng(11))), light, {"AU12": 0.7, "AU25": 0.5}, yaw=12
        )

    a, b = once(), once()
    assert a.image.tobytes() == b.image.tobytes() and a.points.tobytes() == b.points.tobytes()


def test_order_of_drawing_does_not_matter(faces: list[Face], light: Light) -> None:
    other = sample_light(np.random.default_rng(3))
    first = draw(faces[0], light, {"AU4": 1.0}).image
    draw(faces[0], other, {"AU26": 1.0}, yaw=20)
    assert (draw(faces[0], light, {"AU4": 1.0}).image == first).all()


def test_canvas_is_not_changed_and_types_are_as_promised(faces: list[Face], light: Light) -> None:
    drawn = draw(faces[0], light)
    assert (GREY == 128).all()
    assert drawn.image.dtype == np.uint8 and drawn.image.shape == GREY.shape
    assert drawn.points.dtype == np.float32 and drawn.points.shape == (106, 2)
    assert drawn.box.dtype == np.float32 and drawn.box.shape == (4,)


@pytest.mark.parametrize(
    "centre, scale",
    [((160.0, 95.0), 60.0), ((5.0, 10.0), 60.0), ((310.0, 230.0), 20.0), ((-400.0, 50.0), 40.0)],
)
def test_faces_may_leave_the_picture(
    faces: list[Face], light: Light, centre: tuple[float, float], scale: float
) -> None:
    drawn = faces[1].draw(GREY, state(yaw=-20, roll=15), light, centre, scale)
    assert drawn.image.shape == GREY.shape and np.isfinite(drawn.points).all()


def test_box_is_the_tight_box_of_the_points(faces: list[Face], light: Light) -> None:
    drawn = draw(faces[2], light, {"AU26": 1.0}, yaw=15, pitch=-10, roll=8)
    np.testing.assert_allclose(drawn.box, [*drawn.points.min(0), *drawn.points.max(0)])


def test_centre_and_scale(faces: list[Face], light: Light) -> None:
    for face in faces:
        points = draw(face, light).points
        np.testing.assert_allclose(points[[104, 105]].mean(0), [160, 95], atol=1.5)
        assert np.linalg.norm(points[105] - points[104]) == pytest.approx(60, rel=0.03)


def test_pose_turns_the_face_the_way_it_says(faces: list[Face], light: Light) -> None:
    nose = draw(faces[0], light).points[54]
    assert draw(faces[0], light, yaw=20).points[54, 0] > nose[0] + 5
    assert draw(faces[0], light, pitch=15).points[54, 1] > nose[1] + 0.5
    tilted = draw(faces[0], light, roll=15).points
    assert tilted[105, 1] > tilted[104, 1] + 5


def test_pupils_are_dark_where_their_points_say(faces: list[Face], light: Light) -> None:
    for face in faces:
        for pose in ({}, {"yaw": 18.0, "pitch": 8.0}, {"gaze_x": 0.7}):
            drawn = draw(face, light, None, 60.0, **pose)
            for pupil, eye in ((104, slice(66, 74)), (105, slice(75, 83))):
                x, y = np.round(drawn.points[pupil]).astype(int)
                near = cv2.cvtColor(drawn.image, cv2.COLOR_RGB2GRAY)[y - 1 : y + 2, x - 1 : x + 2]
                assert near.min() < luma(drawn.image, drawn.points[eye]).mean()


def test_open_is_the_gap_between_the_lips(faces: list[Face], light: Light) -> None:
    units = {"AU25": 0.8, "AU26": 0.6}
    assert draw(faces[0], light, units).open == pytest.approx(aperture(state(units).units), abs=1e-5)


def test_lips_that_part_slightly_show_a_darker_or_brighter_gap(faces: list[Face], light: Light) -> None:
    for face in faces:
        shut, parted = draw(face, light), draw(face, light, {"AU25": 0.5})
        inner = parted.points[[97, 98, 99, 101, 102, 103]]
        assert np.abs(luma(parted.image, inner) - luma(shut.image, inner)).mean() > 4


def test_one_side_may_move_alone(faces: list[Face], light: Light) -> None:
    units = np.zeros((2, len(UNITS)), np.float32)
    units[1, UNITS.index("AU12")] = 1
    rest = faces[0].points(state())
    moved = faces[0].points(FaceState(units)) - rest
    assert moved[90, 1] < -0.06 and abs(moved[84, 1]) < 0.01


def test_people_differ(light: Light) -> None:
    """No two of twenty people look alike: pictures differ by more than noise, and so do their proportions."""
    people = [Face(sample_identity(np.random.default_rng(seed))) for seed in range(20)]
    small = np.array(
        [cv2.resize(draw(p, light).image, (40, 30), interpolation=cv2.INTER_AREA) for p in people], float
    )
    apart = np.abs(small[:, None] - small[None]).mean((2, 3, 4)) + 1e3 * np.eye(20)
    assert apart.min() > 2
    shapes = np.array([p.rest for p in people])
    assert shapes.std(0)[:, :].max(1).mean() > 0.02


@pytest.mark.parametrize("seed", range(3))
def test_light_falls_from_its_side(faces: list[Face], seed: int) -> None:
    for side in (-1, 1):
        hard = Light((side * 0.85, -0.2, 0.48), 0.9, 0.2, 0.2, 0.1, 0.0, 0.0, 1.0, 0.5)
        image = cv2.cvtColor(draw(faces[seed], hard).image, cv2.COLOR_RGB2GRAY).astype(float)
        left, right = image[110:150, 110:140].mean(), image[110:150, 180:210].mean()
        assert (right - left) * side > 15
