from __future__ import annotations

import numpy as np
import pytest

from stages.landmarks.schemes import IBUG68, INSIGHTFACE106, JD106, JD_TO_IBUG68, WFLW98, Scheme, convert
from stages.masks import drawing as masks
from stages.masks.drawing import draw_mask, draw_masks

EVERY = pytest.mark.parametrize(
    "scheme", [JD106, INSIGHTFACE106, WFLW98, IBUG68], ids=lambda scheme: scheme.name
)


def ellipse(centre: tuple[float, float], radii: tuple[float, float], count: int) -> np.ndarray:
    """Points on an ellipse, clockwise from its left end, as eyes and lips are ordered."""
    angle = np.pi + 2 * np.pi * np.arange(count) / count
    return np.stack([centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)], -1)


def line(start: tuple[float, float], stop: tuple[float, float], count: int) -> np.ndarray:
    return np.linspace(start, stop, count)


def face(scheme: Scheme) -> np.ndarray:
    """A plain face whose parts lie where the tests below look for them."""
    parts, points = scheme.parts, np.zeros((scheme.points, 2))
    angle = np.pi * (1 - np.arange(len(parts["contour"])) / (len(parts["contour"]) - 1))
    points[list(parts["contour"])] = np.stack([56 + 46 * np.cos(angle), 46 + 60 * np.sin(angle)], -1)
    lower = len(parts["left_brow"]) - 5
    points[list(parts["left_brow"])] = np.concatenate(
        [line((24, 36), (46, 36), 5), line((46, 40), (24, 40), lower)]
    )
    points[list(parts["right_brow"])] = np.concatenate(
        [line((66, 36), (88, 36), 5), line((88, 40), (66, 40), lower)]
    )
    points[list(parts["bridge"])] = line((56, 48), (56, 66), 4)
    count = len(parts["base"])
    points[list(parts["base"])] = line((48, 72), (64, 72), count)
    points[list(parts["left_eye"])] = ellipse((38, 52), (8, 4), len(parts["left_eye"]))
    points[list(parts["right_eye"])] = ellipse((74, 52), (8, 4), len(parts["right_eye"]))
    points[list(parts["outer_lip"])] = ellipse((56, 88), (16, 10), 12)
    points[list(parts["inner_lip"])] = ellipse((56, 88), (10, 5), 8)
    return points


@EVERY
def test_lines_have_the_published_grey_levels(scheme: Scheme) -> None:
    mask = draw_mask(face(scheme), scheme, "lines")
    found = {
        "outer_lip": mask[88, 40],
        "left_brow": mask[36, 35],
        "right_brow": mask[36, 77],
        "left_eye": mask[52, 30],
        "right_eye": mask[52, 66],
        "bridge": mask[60, 56],
        "chin": mask[106, 56],
    }
    assert list(found.values()) == [255, 223, 191, 159, 127, 63, 31]


@EVERY
def test_lines_leave_insides_and_unnamed_parts_black(scheme: Scheme) -> None:
    mask = draw_mask(face(scheme), scheme, "lines")
    inside = [(52, 38), (52, 74), (88, 56), (46, 10), (48, 56), (72, 56), (38, 35)]
    assert all(mask[row, column] == 0 for row, column in inside)
    assert set(np.unique(mask)) == {0, 31, 63, 127, 159, 191, 223, 255}


def test_lips_are_closed_and_brows_open() -> None:
    mask = draw_mask(face(IBUG68), IBUG68, "lines")
    closing = face(IBUG68)[[59, 48]].mean(0)
    column, row = np.rint(closing).astype(int)
    assert (mask[row - 1 : row + 2, column - 1 : column + 2] == 255).any()
    assert not mask[37:47, 24:46].any()


@EVERY
def test_filled_regions_have_their_palette(scheme: Scheme) -> None:
    mask = draw_mask(face(scheme), scheme, "filled")
    found = [mask[88, 43], mask[88, 56], mask[36, 35], mask[36, 77], mask[52, 38], mask[52, 74], mask[70, 56]]
    assert found == [
        masks.LIPS,
        masks.MOUTH_INSIDE,
        masks.LEFT_BROW,
        masks.RIGHT_BROW,
        masks.LEFT_EYE,
        masks.RIGHT_EYE,
        masks.NOSE,
    ]
    assert (mask[60, 25], mask[5, 56], mask[110, 5]) == (masks.SKIN, 0, 0)


def test_a_shut_mouth_has_no_inside() -> None:
    points = face(JD106)
    points[96:104, 1] = 88
    assert masks.MOUTH_INSIDE not in draw_mask(points, JD106, "filled")


@pytest.mark.parametrize("mode", ["lines", "filled"])
def test_no_face_is_black(mode: masks.Mode) -> None:
    broken = face(JD106)
    broken[3, 0] = np.nan
    assert not draw_mask(None, JD106, mode).any()
    assert not draw_mask(broken, JD106, mode).any()


@pytest.mark.parametrize("mode", ["lines", "filled"])
def test_points_may_lie_outside(mode: masks.Mode) -> None:
    mask = draw_mask(face(JD106) * 1.5 - 30, JD106, mode)
    assert mask.shape == (112, 112) and mask.any()


def test_the_106_point_mask_is_that_of_its_68_points_where_they_share_the_points() -> None:
    """The 12 points of the outer lip and 5 of each brow are the same; so are these parts of the masks."""
    points = face(JD106)
    full = draw_mask(points, JD106, "lines")
    common = draw_mask(convert(points, JD106, IBUG68), IBUG68, "lines")
    for grey in (255, 223, 191, 63):
        np.testing.assert_array_equal(full == grey, common == grey)
    assert len(JD_TO_IBUG68) == 68


def test_many_faces_are_drawn_as_one_each() -> None:
    points = np.stack([face(JD106), face(JD106) + 3, np.full((106, 2), np.nan)]).astype(np.float32)
    stack = draw_masks(points, JD106, "filled")
    assert stack.dtype == np.uint8 and stack.shape == (3, 112, 112)
    np.testing.assert_array_equal(stack[1], draw_mask(points[1], JD106, "filled"))
    assert not stack[2].any()
