from __future__ import annotations

import numpy as np
import pytest

from stages.core.errors import UserError
from stages.landmarks.schemes import (
    IBUG68,
    INSIGHTFACE106,
    JD106,
    JD106_MIRROR_PAIRS,
    JD_TO_INSIGHTFACE,
    SCHEMES,
    WFLW98,
    Scheme,
    convert,
    mirror_order,
    scheme,
)

EVERY = pytest.mark.parametrize("each", SCHEMES.values(), ids=list(SCHEMES))


@EVERY
def test_parts_stay_within_the_scheme_and_do_not_overlap(each: Scheme) -> None:
    whole = [part for part in each.parts if part not in ("chin", "left_brow_upper", "right_brow_upper")]
    used = [index for part in whole for index in each.parts[part]]
    assert len(used) == len(set(used))
    assert set(used) <= set(range(each.points))
    assert len(used) >= each.points - 2  # jd106 counts the eyes' centres apart from their lids


@EVERY
def test_the_common_68_points_name_the_same_parts(each: Scheme) -> None:
    for part, indices in IBUG68.parts.items():
        assert {each.to_ibug68[i] for i in indices} <= set(each.parts[part]), part


@EVERY
def test_outer_corners_are_the_ends_of_the_eyes(each: Scheme) -> None:
    left, right = each.outer_corners
    assert left in each.parts["left_eye"] and right in each.parts["right_eye"]
    assert (each.to_ibug68[36], each.to_ibug68[45]) == (left, right)


def test_mirror_pairs_cover_all_but_the_points_on_the_midline() -> None:
    paired = [index for pair in JD106_MIRROR_PAIRS for index in pair]
    assert len(paired) == len(set(paired))
    assert set(range(106)) - set(paired) == {16, 51, 52, 53, 54, 60, 87, 93, 98, 102}


def test_mirroring_twice_is_no_change() -> None:
    order = mirror_order(106, JD106_MIRROR_PAIRS)
    np.testing.assert_array_equal(order[order], np.arange(106))
    assert order[66] == 79 and order[16] == 16


def test_insightfaces_order_is_a_permutation_and_returns() -> None:
    assert sorted(JD_TO_INSIGHTFACE) == list(range(106))
    points = np.random.default_rng(0).normal(size=(3, 106, 2)).astype(np.float32)
    there = convert(points, JD106, INSIGHTFACE106)
    np.testing.assert_array_equal(there[:, JD_TO_INSIGHTFACE[54]], points[:, 54])
    np.testing.assert_array_equal(convert(there, INSIGHTFACE106, JD106), points)
    np.testing.assert_array_equal(convert(there, INSIGHTFACE106, IBUG68), convert(points, JD106, IBUG68))


def test_points_that_are_not_there_cannot_be_had() -> None:
    with pytest.raises(UserError, match="wflw98 cannot be read as jd106"):
        convert(np.zeros((1, 98, 2), np.float32), WFLW98, JD106)
    with pytest.raises(UserError, match="choose one of jd106"):
        scheme("jd107")
