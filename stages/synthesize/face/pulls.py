"""The table of pulls: which tissue each unit moves, about which place, how far (Ekman & Friesen, FACS, 1978).

A pull's displacement `move` (outwards, down; interocular units at intensity 1) falls off as a Gaussian of
`spread` about a place of the right half of the image, named in `places`, plus `offset`. Tissues that are rows
of points (lips, lids, corners) have a profile of their own instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import (
    CORNERS,
    INNER_LOWER,
    INNER_UPPER,
    LOWER_LIDS,
    LOWER_LIP,
    UPPER_LIP,
)


class Pull(NamedTuple):
    """One row of the table; see the module."""

    movement: str
    tissue: str
    place: str
    offset: tuple[float, float]
    spread: tuple[float, float]
    move: tuple[float, float]


WIDE = (9.0, 9.0)
PULLS = (
    Pull("AU1", "brow", "brow", (-0.36, -0.04), (0.21, 0.28), (0.01, -0.19)),
    Pull("AU2", "brow", "brow", (0.24, -0.04), (0.24, 0.28), (0.0, -0.19)),
    Pull("AU4", "brow", "brow", (-0.29, 0.0), (0.23, 0.22), (-0.075, 0.115)),
    Pull("AU4", "brow", "brow", (0.08, 0.0), (0.25, 0.2), (-0.015, 0.065)),
    Pull("AU5", "brow", "brow", (0.0, 0.1), (0.25, 0.1), (0.0, -0.02)),
    Pull("AU6", "skin", "cheek", (0.0, -0.05), (0.27, 0.19), (0.0, -0.14)),
    Pull("AU6", "skin", "temple", (0.0, 0.0), (0.14, 0.16), (-0.045, 0.0)),
    Pull("AU6", "brow", "brow", (0.26, 0.04), (0.18, 0.14), (0.0, 0.045)),
    Pull("AU6", "lower lid", "eye", (0.0, 0.0), WIDE, (0.0, -0.042)),
    Pull("AU7", "lower lid", "eye", (0.0, 0.0), WIDE, (0.0, -0.05)),
    Pull("AU7", "skin", "eye", (0.0, 0.14), (0.2, 0.05), (-0.012, -0.02)),
    Pull("AU43", "lower lid", "eye", (0.0, 0.0), WIDE, (0.0, -0.012)),
    Pull("AU9", "skin", "wing", (-0.08, -0.08), (0.14, 0.16), (0.0, -0.075)),
    Pull("AU9", "brow", "brow", (-0.36, 0.06), (0.17, 0.18), (-0.03, 0.085)),
    Pull("AU9", "skin", "cheek", (-0.22, -0.08), (0.18, 0.16), (-0.01, -0.07)),
    Pull("AU9", "lower lid", "eye", (0.0, 0.0), WIDE, (0.0, -0.03)),
    Pull("AU9", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.045)),
    Pull("AU10", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.085)),
    Pull("AU10", "seam", "mouth", (0.0, 0.0), WIDE, (0.0, -0.05)),
    Pull("AU10", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.02)),
    Pull("AU10", "corner", "mouth", (0.0, 0.0), WIDE, (0.01, -0.035)),
    Pull("AU10", "skin", "wing", (0.0, 0.0), (0.12, 0.12), (0.02, -0.05)),
    Pull("AU10", "skin", "fold", (-0.02, -0.1), (0.15, 0.17), (0.005, -0.085)),
    Pull("AU12", "corner", "mouth", (0.0, 0.0), WIDE, (0.16, -0.13)),
    Pull("AU12", "upper side", "mouth", (0.0, 0.0), WIDE, (0.1, -0.052)),
    Pull("AU12", "lower side", "mouth", (0.0, 0.0), WIDE, (0.088, -0.042)),
    Pull("AU12", "seam side", "mouth", (0.0, 0.0), WIDE, (0.068, -0.03)),
    Pull("AU12", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.008)),
    Pull("AU12", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.006)),
    Pull("AU12", "seam", "mouth", (0.0, 0.0), WIDE, (0.0, -0.004)),
    Pull("AU12", "skin", "fold", (0.14, -0.02), (0.2, 0.25), (0.065, -0.095)),
    Pull("AU12", "skin", "wing", (0.0, 0.0), (0.1, 0.1), (0.025, -0.012)),
    Pull("AU12", "skin", "cheek", (0.0, 0.1), (0.22, 0.2), (0.01, -0.045)),
    Pull("AU14", "corner", "mouth", (0.0, 0.0), WIDE, (0.055, -0.005)),
    Pull("AU14", "skin", "corner", (0.12, 0.0), (0.12, 0.14), (-0.03, 0.0)),
    Pull("AU15", "corner", "mouth", (0.0, 0.0), WIDE, (0.015, 0.125)),
    Pull("AU15", "upper side", "mouth", (0.0, 0.0), WIDE, (0.01, 0.05)),
    Pull("AU15", "lower side", "mouth", (0.0, 0.0), WIDE, (0.01, 0.045)),
    Pull("AU15", "seam side", "mouth", (0.0, 0.0), WIDE, (0.008, 0.028)),
    Pull("AU15", "seam", "mouth", (0.0, 0.0), WIDE, (0.0, -0.008)),
    Pull("AU15", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.012)),
    Pull("AU15", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.004)),
    Pull("AU15", "skin", "corner", (0.06, 0.14), (0.14, 0.16), (0.0, 0.05)),
    Pull("AU16", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.02, 0.03)),
    Pull("AU17", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.055)),
    Pull("AU17", "seam", "mouth", (0.0, 0.0), WIDE, (0.0, -0.045)),
    Pull("AU17", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.025)),
    Pull("AU17", "skin", "chin", (0.0, -0.22), (0.24, 0.15), (0.0, -0.085)),
    Pull("AU18", "corner", "mouth", (0.0, 0.0), WIDE, (-0.15, 0.0)),
    Pull("AU18", "upper side", "mouth", (0.0, 0.0), WIDE, (-0.095, -0.012)),
    Pull("AU18", "lower side", "mouth", (0.0, 0.0), WIDE, (-0.09, 0.012)),
    Pull("AU18", "seam side", "mouth", (0.0, 0.0), WIDE, (-0.075, 0.0)),
    Pull("AU18", "upper lip", "mouth", (0.0, 0.0), WIDE, (0.0, -0.01)),
    Pull("AU18", "lower lip", "mouth", (0.0, 0.0), WIDE, (0.0, 0.012)),
    Pull("AU18", "skin", "corner", (0.12, 0.0), (0.15, 0.22), (-0.05, 0.0)),
    Pull("AU20", "corner", "mouth", (0.0, 0.0), WIDE, (0.13, 0.035)),
    Pull("AU20", "upper side", "mouth", (0.0, 0.0), WIDE, (0.085, 0.012)),
    Pull("AU20", "lower side", "mouth", (0.0, 0.0), WIDE, (0.085, 0.02)),
    Pull("AU20", "seam side", "mouth", (0.0, 0.0), WIDE, (0.07, 0.014)),
    Pull("AU20", "skin", "corner", (0.18, 0.02), (0.2, 0.26), (0.065, 0.015)),
    Pull("AU23", "corner", "mouth", (0.0, 0.0), WIDE, (-0.085, 0.0)),
    Pull("AU23", "upper side", "mouth", (0.0, 0.0), WIDE, (-0.055, 0.0)),
    Pull("AU23", "lower side", "mouth", (0.0, 0.0), WIDE, (-0.055, -0.002)),
    Pull("AU23", "seam side", "mouth", (0.0, 0.0), WIDE, (-0.045, 0.0)),
    Pull("AU23", "skin", "corner", (0.1, 0.0), (0.13, 0.2), (-0.035, 0.0)),
    Pull("AU24", "corner", "mouth", (0.0, 0.0), WIDE, (0.005, 0.012)),
    Pull("AU24", "skin", "chin", (0.0, -0.25), (0.28, 0.15), (0.0, -0.04)),
    Pull("jaw", "jaw", "mouth", (0.0, 0.0), WIDE, (-0.06, 1.0)),
    Pull("jaw", "corner", "mouth", (0.0, 0.0), WIDE, (-0.16, 0.42)),
    Pull("jaw", "seam", "mouth", (0.0, 0.0), WIDE, (-0.06, 0.06)),
    Pull("jaw", "upper lip", "mouth", (0.0, 0.0), WIDE, (-0.07, 0.03)),
    Pull("jaw", "lower lip", "mouth", (0.0, 0.0), WIDE, (-0.07, 0.12)),
)
_PROFILE = (0.66, 0.97, 1.0, 0.97, 0.66)
_SQUARE = (0.9, 1.0, 1.0, 1.0, 0.9)
_INNER = (0.85, 1.0, 0.85)
_ENDS = (1.0, 0.35, 0.0, 0.35, 1.0)  # pulls at the corners reach the lip's ends most


def places(identity: Identity) -> dict[str, tuple[float, float]]:
    """Named places on the right half of a face at rest."""
    nose, mouth = identity.nose, identity.mouth
    return {
        "brow": (0.51, identity.brows.y),
        "eye": (0.5, 0.0),
        "cheek": (0.6, 0.45),
        "temple": (0.95, 0.02),
        "wing": (nose.half, nose.base - 0.08),
        "fold": (0.44, nose.base),
        "corner": (mouth.half, mouth.y),
        "mouth": (0.0, mouth.y),
        "chin": (0.0, identity.skull.chin),
    }


def displacements(identity: Identity, q: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Symmetric displacement [m, n, 2] of points `q` [n, 2] (the 106 first) by each movement."""
    moves = np.zeros((len(names), len(q), 2))
    where, tissue = places(identity), _tissues(identity, q)
    side = np.sign(q[:, 0])
    for pull in PULLS:
        cx, cy = (a + b for a, b in zip(where[pull.place], pull.offset, strict=True))
        near = np.exp(
            -0.5 * (((np.abs(q[:, 0]) - cx) / pull.spread[0]) ** 2 + ((q[:, 1] - cy) / pull.spread[1]) ** 2)
        )
        share = tissue[pull.tissue] * (near if pull.spread != WIDE else 1)
        row = moves[names.index(pull.movement)]
        row[:, 0] += side * pull.move[0] * share
        row[:, 1] += pull.move[1] * share
    _lip_movements(identity, q, moves, names)
    return moves


def _lip_movements(
    identity: Identity, q: NDArray[np.float64], moves: NDArray[np.float64], names: tuple[str, ...]
) -> None:
    """Parting (by its own amount) and rolling in (by a share of the lip's height)."""
    upper, lower = list(UPPER_LIP), list(LOWER_LIP)
    for name, inner, outer, sign in (
        ("part_up", INNER_UPPER, upper, -1),
        ("part_down", INNER_LOWER, lower, 1),
    ):
        square = np.array(0.4 if sign > 0 else 0.0)  # a dropped lower lip is squarer than a raised upper one
        moves[names.index(name), list(inner), 1] = sign * (np.array(_INNER) * (1 - square) + square)
        moves[names.index(name), outer, 1] = sign * (
            np.array(_PROFILE) * (1 - square) + square * np.array(_SQUARE)
        )
    moves[names.index("roll_upper"), upper, 1] = identity.mouth.y - q[upper, 1]
    moves[names.index("roll_lower"), lower, 1] = identity.mouth.y - q[lower, 1]


def _tissues(identity: Identity, q: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Share 0..1 of each control point [n] in each tissue."""
    n, y, mouth = len(q), q[:, 1], identity.mouth
    skin = np.ones(n)
    skin[66:84] = 0
    skin[84:106] = 0
    jaw = (
        np.clip((y - mouth.y + 0.3) / 0.5, 0, 1) ** 1.3
        * (np.abs(q[:, 0]) < 1.35)
        * (y < identity.skull.chin + 0.3)
    )
    jaw *= 0.55 + 0.45 * np.exp(-((q[:, 0] / 0.75) ** 2))
    rows = {
        "lower lid": (LOWER_LIDS, (0.75, 1.0, 0.75) * 2),
        "upper lip": (UPPER_LIP, _PROFILE),
        "lower lip": (LOWER_LIP, _PROFILE),
        "upper side": (UPPER_LIP, _ENDS),
        "lower side": (LOWER_LIP, _ENDS),
        "seam": (INNER_UPPER + INNER_LOWER, (1.0,) * 6),
        "seam side": (INNER_UPPER + INNER_LOWER, (1.0, 0.0, 1.0) * 2),
        "corner": (CORNERS, (1.0, 1.0, 0.96, 0.96)),
    }
    tissue = {"skin": skin, "brow": skin * (y < -0.1), "jaw": skin * jaw}
    for name, (indices, profile) in rows.items():
        tissue[name] = np.zeros(n)
        tissue[name][list(indices)] = profile
    return tissue
