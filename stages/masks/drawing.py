"""Landmarks → mask: the fourth input channel of TSAV (Kuhnke et al. 2020), and of Wang & Wang (2021).

Grey levels name parts, the same in both modes.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.landmarks.schemes import Part, Scheme

Mode = Literal["lines", "filled"]
Points = NDArray[np.floating]
Mask = NDArray[np.uint8]

SIZE = 112

# Kuhnke et al., `draw_mask` of the released code (kuhnkeF/ABAW2020TNT): part, grey level, closed; in order.
LINES: tuple[tuple[Part, int, bool], ...] = (
    ("outer_lip", 255, True),
    ("left_brow_upper", 223, False),
    ("right_brow_upper", 191, False),
    ("left_eye", 159, True),
    ("right_eye", 127, True),
    ("bridge", 63, False),
    ("chin", 31, False),
)
# Wang & Wang, 3.1: "a mask image of facial segmentation result"; their palette is not published. This one
# keeps the grey levels of the lines, gives the chin's to the skin, and a free one to the inside of the mouth.
SKIN, NOSE, MOUTH_INSIDE = 31, 63, 95
RIGHT_EYE, LEFT_EYE, RIGHT_BROW, LEFT_BROW, LIPS = 127, 159, 191, 223, 255
BROW_THICKNESS = 3  # pixels, where the scheme has a brow's line but no outline


def draw_masks(points: Points, scheme: Scheme, mode: Mode, size: int = SIZE) -> Mask:
    """Masks of many faces: points [N, P, 2] in pixels of the crop → uint8 [N, size, size]."""
    masks = np.zeros((len(points), size, size), np.uint8)
    for mask, face in zip(masks, points, strict=True):
        mask[:] = draw_mask(face, scheme, mode, size)
    return masks


def draw_mask(points: Points | None, scheme: Scheme, mode: Mode, size: int = SIZE) -> Mask:
    """Mask of one face: points [P, 2] (x, y), rounded to whole pixels → uint8 [size, size].

    No face (None, or points that are not finite) gives black. Points may lie outside the crop.
    """
    mask = np.zeros((size, size), np.uint8)
    if points is None or not np.isfinite(points).all():
        return mask
    whole = np.rint(points).astype(np.int32)
    _DRAW[mode](mask, whole, scheme)
    return mask


def _draw_lines(mask: Mask, points: NDArray[np.int32], scheme: Scheme) -> None:
    for part, grey, closed in LINES:
        indices = list(scheme.parts[part])
        if part == "bridge":
            indices = indices[1:]  # the reference leaves out the point between the eyes
        cv2.polylines(mask, [points[indices]], closed, grey, 1, cv2.LINE_8)


def _draw_filled(mask: Mask, points: NDArray[np.int32], scheme: Scheme) -> None:
    parts = {part: points[list(indices)] for part, indices in scheme.parts.items()}
    brows = (parts["left_brow_upper"], parts["right_brow_upper"])
    cv2.fillConvexPoly(mask, cv2.convexHull(np.concatenate([parts["contour"], *brows])), SKIN)
    cv2.fillPoly(mask, [np.concatenate([parts["bridge"][:1], parts["base"]])], NOSE)
    _fill_brow(mask, parts["left_brow"], LEFT_BROW, scheme.closed_brows)
    _fill_brow(mask, parts["right_brow"], RIGHT_BROW, scheme.closed_brows)
    cv2.fillPoly(mask, [parts["left_eye"]], LEFT_EYE)
    cv2.fillPoly(mask, [parts["right_eye"]], RIGHT_EYE)
    _fill_mouth(mask, parts["outer_lip"], parts["inner_lip"])


def _fill_brow(mask: Mask, brow: NDArray[np.int32], grey: int, closed: bool) -> None:
    if closed:
        cv2.fillPoly(mask, [brow], grey)
    else:
        cv2.polylines(mask, [brow], False, grey, BROW_THICKNESS)


def _fill_mouth(mask: Mask, outer: NDArray[np.int32], inner: NDArray[np.int32]) -> None:
    """Lips, and the inside of a mouth that is open by a pixel or more on average."""
    cv2.fillPoly(mask, [outer], LIPS)
    if cv2.contourArea(inner) >= np.ptp(inner[:, 0]) > 0:
        cv2.fillPoly(mask, [inner], MOUTH_INSIDE)


_DRAW = {"lines": _draw_lines, "filled": _draw_filled}
