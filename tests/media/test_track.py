"""Whose face is whose: the largest, the loyal, the left and the right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stages.media.detect import Face, detect_faces, mtcnn
from stages.media.refine import onet
from stages.media.track import area, assign, follow, near
from tests.media.faces import as_frame, astronaut

WIDTH = 400


def face(x: float, size: float = 40.0, y: float = 100.0) -> Face:
    points = np.array([[-0.5, -0.4], [0.5, -0.4], [0, 0], [-0.4, 0.4], [0.4, 0.4]]) * size / 2 + [x, y]
    half = size / 2
    return Face(points, np.array([x - half, y - half, x + half, y + half]), 1.0)


def xs(slots: list[Face | None]) -> list[float | None]:
    return [None if one is None else float(one.points[2, 0]) for one in slots]


@pytest.mark.parametrize(
    ("faces", "last", "expected"),
    [
        ([], [None], [None]),
        ([face(50, 30), face(300, 40)], [None], [300]),
        ([face(50, 30), face(300, 40)], [face(52, 30)], [50]),  # loyal
        ([face(50, 30), face(300, 60)], [face(52, 30)], [300]),  # unless the other is far larger
        ([face(300, 40)], [face(52, 30)], [300]),
        ([face(300), face(50)], [None, None], [50, 300]),
        ([face(300), face(50), face(180, 20)], [None, None], [50, 300]),  # a bystander
        ([face(90)], [None, None], [90, None]),
        ([face(290)], [None, None], [None, 290]),
        ([face(230)], [face(50), face(210)], [None, 230]),
        ([face(120)], [face(50), face(210)], [120, None]),
        ([], [face(50), face(210)], [None, None]),
        (
            [face(260), face(250, y=300)],
            [face(50), face(210)],
            [250, 260],
        ),  # both on the right: still in order
    ],
)
def test_assign(faces: list[Face], last: list[Face | None], expected: list[float | None]) -> None:
    assert xs(assign(faces, last, WIDTH)) == expected


def test_near() -> None:
    assert near(face(100), face(110)) and not near(face(100), face(140))
    assert not near(face(100), None) and area(face(100, 30)) == 900


def two_people(shift: int, left: bool = True, right: bool = True) -> np.ndarray:
    """The astronaut's head twice, the right one mirrored and larger; `shift` moves both."""
    head = astronaut()[40:240, 120:320]
    picture = np.full((300, 640, 3), 120, np.uint8)
    if left:
        picture[50:250, 40 + shift : 240 + shift] = head
    if right:
        big = cv2.resize(np.ascontiguousarray(head[:, ::-1]), (260, 260))
        picture[20:280, 340 + shift : 600 + shift] = big
    return picture


SCENE = [
    (0, True, True),
    (4, True, True),
    (8, True, False),
    (12, True, False),
    (16, True, True),
    (20, False, True),
]


@pytest.fixture(scope="module")
def sightings() -> dict[int, list[list[Face | None]]]:
    """The scene followed for one person and for two."""
    detector, refine = mtcnn(), onet()
    frames = [as_frame(two_people(*moment), index / 25) for index, moment in enumerate(SCENE)]
    runs = {}
    for people in (1, 2):
        _, runs[people] = follow(frames, lambda f: detect_faces(f, detector, 480), refine, 5, people)
    return runs


def test_the_one_on_the_left_always_left(sightings: dict[int, list[list[Face | None]]]) -> None:
    """Each is there when visible and absent when not, also while only one of them is there."""
    for (shift, left, right), slots in zip(SCENE, sightings[2], strict=True):
        assert [one is not None for one in slots] == [left, right]
        assert slots[0] is None or abs(slots[0].points[2, 0] - (146 + shift)) < 10
        assert slots[1] is None or abs(slots[1].points[2, 0] - (462 + shift)) < 10


def test_one_person_is_the_largest(sightings: dict[int, list[list[Face | None]]]) -> None:
    middle = [slots[0].points[2, 0] if slots[0] else None for slots in sightings[1]]
    assert all(x is not None for x in middle)
    assert [x > 300 for x in middle if x] == [right for _, _, right in SCENE[:4]] + [False, True]


def test_detector_alone_is_asked_now_and_then() -> None:
    asked = []

    def find(frame: object) -> list[Face]:
        asked.append(len(asked))
        return [face(100)]

    times, seen = follow([as_frame(np.zeros((8, 8, 3), np.uint8), t) for t in range(7)], find, None, 3)
    assert len(asked) == 3 and times == list(range(7))
    assert [slots[0] is not None for slots in seen] == [True, False, False, True, False, False, True]
