"""Landmark schemes: which index is which part of the face, and how one scheme reads as another.

"106 points" names at least three incompatible orders; a scheme's name says which one is meant:
`jd106` (JD-landmark, LaPa), `insightface106` (insightface's 2d106det), `wflw98` (WFLW), `ibug68` (300-W).
Left and right are as seen in the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stages.core.errors import UserError

Indices = tuple[int, ...]
Part = Literal[
    "contour", "chin", "left_brow", "right_brow", "left_brow_upper", "right_brow_upper", "bridge",
    "base", "left_eye", "right_eye", "outer_lip", "inner_lip", "pupils",
]  # fmt: skip


@dataclass(frozen=True)
class Scheme:
    """Table from parts of the face to indices, each part in drawing order.

    `closed_brows`: a brow is a closed outline (upper and lower edge), not a line.
    `outer_corners`: the eyes' outer corners, whose distance normalises errors (300-W's interocular distance).
    `to_ibug68`: the index of each of the 68 points, the common subset of all schemes.
    """

    name: str
    points: int
    parts: dict[Part, Indices]
    closed_brows: bool
    outer_corners: tuple[int, int]
    to_ibug68: Indices


def span(first: int, last: int, step: int = 1) -> Indices:
    """Indices from `first` to `last`, both included."""
    return tuple(range(first, last + 1, step))


JD_TO_IBUG68 = (
    *span(0, 32, 2), *span(33, 37), *span(42, 46), *span(51, 54), *span(58, 62),
    66, 67, 69, 70, 71, 73, 75, 76, 78, 79, 80, 82, *span(84, 103),
)  # fmt: skip
WFLW_TO_IBUG68 = (
    *span(0, 32, 2), *span(33, 37), *span(42, 46), *span(51, 59),
    60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *span(76, 95),
)  # fmt: skip

# JD's index k → index in insightface's 2d106det.
JD_TO_INSIGHTFACE = (
    1, 9, 10, 11, 12, 13, 14, 15, 16, 2, 3, 4, 5, 6, 7, 8, 0, 24, 23, 22, 21, 20, 19, 18, 32, 31, 30, 29, 28,
    27, 26, 25, 17, 43, 48, 49, 51, 50, 46, 47, 45, 44, 102, 103, 104, 105, 101, 100, 99, 98, 97, 72, 73, 74,
    86, 75, 76, 77, 78, 79, 80, 85, 84, 83, 82, 81, 35, 41, 40, 42, 39, 37, 33, 36, 34, 89, 95, 94, 96, 93,
    91, 87, 90, 88, 52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55, 65, 66, 62, 70, 69, 57, 60, 54, 38, 92,
)  # fmt: skip

JD106 = Scheme(
    name="jd106",
    points=106,
    parts={
        "contour": span(0, 32),
        "chin": span(12, 20),
        "left_brow": span(33, 41),
        "right_brow": span(42, 50),
        "left_brow_upper": span(33, 37),
        "right_brow_upper": span(42, 46),
        "bridge": span(51, 54),
        "base": span(55, 65),
        "left_eye": span(66, 73),
        "right_eye": span(75, 82),
        "outer_lip": span(84, 95),
        "inner_lip": span(96, 103),
        "pupils": (104, 105),
    },
    closed_brows=True,
    outer_corners=(66, 79),
    to_ibug68=JD_TO_IBUG68,
)

INSIGHTFACE106 = Scheme(
    name="insightface106",
    points=106,
    parts={part: tuple(JD_TO_INSIGHTFACE[i] for i in indices) for part, indices in JD106.parts.items()},
    closed_brows=True,
    outer_corners=(JD_TO_INSIGHTFACE[66], JD_TO_INSIGHTFACE[79]),
    to_ibug68=tuple(JD_TO_INSIGHTFACE[i] for i in JD_TO_IBUG68),
)

WFLW98 = Scheme(
    name="wflw98",
    points=98,
    parts={
        "contour": span(0, 32),
        "chin": span(12, 20),
        "left_brow": span(33, 41),
        "right_brow": span(42, 50),
        "left_brow_upper": span(33, 37),
        "right_brow_upper": span(42, 46),
        "bridge": span(51, 54),
        "base": span(55, 59),
        "left_eye": span(60, 67),
        "right_eye": span(68, 75),
        "outer_lip": span(76, 87),
        "inner_lip": span(88, 95),
        "pupils": (96, 97),
    },
    closed_brows=True,
    outer_corners=(60, 72),
    to_ibug68=WFLW_TO_IBUG68,
)

IBUG68 = Scheme(
    name="ibug68",
    points=68,
    parts={
        "contour": span(0, 16),
        "chin": span(6, 10),
        "left_brow": span(17, 21),
        "right_brow": span(22, 26),
        "left_brow_upper": span(17, 21),
        "right_brow_upper": span(22, 26),
        "bridge": span(27, 30),
        "base": span(31, 35),
        "left_eye": span(36, 41),
        "right_eye": span(42, 47),
        "outer_lip": span(48, 59),
        "inner_lip": span(60, 67),
        "pupils": (),
    },
    closed_brows=False,
    outer_corners=(36, 45),
    to_ibug68=span(0, 67),
)

SCHEMES = {scheme.name: scheme for scheme in (JD106, INSIGHTFACE106, WFLW98, IBUG68)}

JD106_MIRROR_PAIRS = (
    *((i, 32 - i) for i in range(16)),
    (33, 46), (34, 45), (35, 44), (36, 43), (37, 42), (38, 50), (39, 49), (40, 48), (41, 47),
    (55, 65), (56, 64), (57, 63), (58, 62), (59, 61),
    (66, 79), (67, 78), (68, 77), (69, 76), (70, 75), (71, 82), (72, 81), (73, 80), (74, 83),
    (84, 90), (85, 89), (86, 88), (91, 95), (92, 94), (96, 100), (97, 99), (101, 103), (104, 105),
)  # fmt: skip


def scheme(name: str) -> Scheme:
    """The scheme of that name. Errors: UserError that lists the names there are."""
    if name not in SCHEMES:
        raise UserError(f"params.yaml, key scheme: {name!r} is unknown; choose one of {', '.join(SCHEMES)}")
    return SCHEMES[name]


def mirror_order(points: int, pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Order such that `mirrored[order]` has its points where the scheme wants them; shape [points]."""
    order = np.arange(points)
    for left, right in pairs:
        order[left], order[right] = right, left
    return order


def convert(points: NDArray[np.float32], source: Scheme, target: Scheme) -> NDArray[np.float32]:
    """Points [..., source.points, 2] in another scheme, where that loses nothing but points.

    Errors: UserError where the target has points that the source lacks.
    """
    if source.name == target.name:
        return points
    if target.name == "ibug68":
        return points[..., list(source.to_ibug68), :]
    if (source.name, target.name) == ("insightface106", "jd106"):
        return points[..., list(JD_TO_INSIGHTFACE), :]
    if (source.name, target.name) == ("jd106", "insightface106"):
        return points[..., np.argsort(JD_TO_INSIGHTFACE), :]
    raise UserError(f"landmarks in scheme {source.name} cannot be read as {target.name}: it has other points")
