"""The 106 points of a face at rest, in canonical space (JD-landmark / LaPa order).

Left and right are the image's. 0-32 contour (16 chin), 33-41 and 42-50 brows, 51-65 nose, 66-74 and 75-83
eyes, 84-95 outer lip, 96-103 inner lip, 104 and 105 pupils.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.identity import Brows, Eyes, Identity, Mouth, Nose, Skull
from stages.synthesize.face.space import spline

Points = NDArray[np.float64]

_PAIRS = [(i, 32 - i) for i in range(16)] + [
    (33, 46),
    (34, 45),
    (35, 44),
    (36, 43),
    (37, 42),
    (38, 50),
    (39, 49),
    (40, 48),
    (41, 47),
    (55, 65),
    (56, 64),
    (57, 63),
    (58, 62),
    (59, 61),
    (66, 79),
    (67, 78),
    (68, 77),
    (69, 76),
    (70, 75),
    (71, 82),
    (72, 81),
    (73, 80),
    (74, 83),
    (84, 90),
    (85, 89),
    (86, 88),
    (91, 95),
    (92, 94),
    (96, 100),
    (97, 99),
    (101, 103),
    (104, 105),
]
MIRROR = np.arange(106)
for _a, _b in _PAIRS:
    MIRROR[_a], MIRROR[_b] = _b, _a

CONTOUR = slice(0, 33)
LEFT_EYE, RIGHT_EYE = tuple(range(66, 74)), tuple(range(75, 83))
UPPER_LIDS, LOWER_LIDS = (67, 68, 69, 76, 77, 78), (71, 72, 73, 80, 81, 82)
UPPER_LIP, LOWER_LIP = (85, 86, 87, 88, 89), (91, 92, 93, 94, 95)
INNER_UPPER, INNER_LOWER = (97, 98, 99), (103, 102, 101)
CORNERS = (84, 90, 96, 100)


def rest_points(identity: Identity) -> Points:
    """Points of the symmetric face at rest, float64 [106, 2]."""
    points = np.zeros((106, 2))
    points[CONTOUR] = contour(identity.skull)
    _brows(points, identity.brows)
    _nose(points, identity.nose)
    _eyes(points, identity.eyes)
    _lips(points, identity.mouth)
    return points


def contour(skull: Skull) -> Points:
    """Jaw line from the left ear over the chin to the right ear, evenly spaced, [33, 2]."""
    height = np.array([-0.12, 0.2, 0.5, 0.82, 1.12, 1.38, 1.58, 1.72, 1.80])
    half = np.array([1.0, 1.0, 0.985, 0.93, 0.83, 0.685, 0.5, 0.29, 0.0]) * skull.cheek
    low = np.clip((height - 0.5) / 0.6, 0, 1)
    half *= 1 + (skull.jaw - 1) * low + 0.05 * skull.fat * low
    half *= 1 + 0.45 * (skull.chin_width - 1) * np.clip((height - 1.25) / 0.3, 0, 1)
    height = np.where(height > 0.5, 0.5 + (height - 0.5) * (skull.chin - 0.5) / 1.3, height)
    knots = np.c_[half, height]
    line = spline(np.vstack([knots * [-1, 1], knots[-2::-1]]), 8)
    length = np.r_[0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    even = np.linspace(0, length[-1], 33)
    return np.c_[np.interp(even, length, line[:, 0]), np.interp(even, length, line[:, 1])]


def _brows(points: Points, brows: Brows) -> None:
    t = np.linspace(0, 1, 5)  # outer to inner
    x = brows.outer + (brows.inner - brows.outer) * t
    middle = brows.y - brows.arch * np.sin(np.pi * (0.12 + 0.68 * (1 - t))) + brows.slant * (0.5 - t)
    middle += 0.06 * (1 - t) ** 3
    half = brows.thick * np.array([0.12, 0.36, 0.5, 0.54, 0.46])
    upper, lower = np.c_[x, middle - half], np.c_[x, middle + half]
    points[42:47] = upper[::-1]
    points[47:51] = lower[1:]
    points[33:38] = upper * [-1, 1]
    points[38:42] = lower[::-1][:4] * [-1, 1]


def _nose(points: Points, nose: Nose) -> None:
    tip = nose.base - 0.17 - nose.upturn
    points[51:55] = [[0, 0.0], [0, tip * 0.34], [0, tip * 0.68], [0, tip]]
    w, y = nose.half, nose.base
    right = [
        [0.13 * nose.bridge_width, 0.04],
        [w * 0.78, y - 0.23],
        [w, y - 0.1],
        [w * 0.72, y - 0.03],
        [w * 0.36, y - 0.005],
    ]
    points[[65, 64, 63, 62, 61]] = right
    points[[55, 56, 57, 58, 59]] = np.array(right) * [-1, 1]
    points[60] = [0, y]


def _eyes(points: Points, eyes: Eyes) -> None:
    h, up, low, tilt = eyes.half, eyes.upper, eyes.lower, eyes.tilt
    narrow = 0.012 * eyes.epicanthus
    right: dict[int, list[float]] = {
        75: [-h, 0.03 + narrow],
        79: [h, -tilt],
        76: [-h * 0.52, -up * 0.8 + 0.01],
        77: [0, -up],
        78: [h * 0.55, -up * 0.76 - tilt * 0.5],
        80: [h * 0.52, low * 0.74 - tilt * 0.4],
        81: [0, low],
        82: [-h * 0.52, low * 0.72 + 0.012],
        83: [0, 0],
        105: [0, 0],
    }
    for index, offset in right.items():
        points[index] = [0.5 + offset[0], offset[1]]
        points[MIRROR[index]] = points[index] * [-1, 1]


def _lips(points: Points, mouth: Mouth) -> None:
    m, y, up, low = mouth.half, mouth.y, mouth.upper, mouth.lower
    dip = up * (1.0 - 0.3 * mouth.bow)
    right = {
        90: [m, y + mouth.droop],
        89: [m * 0.6, y - up * 0.68],
        88: [m * 0.23, y - up * 1.05],
        87: [0, y - dip],
        91: [m * 0.63, y + low * 0.66],
        92: [m * 0.32, y + low * 0.97],
        93: [0, y + low * 1.03],
        100: [m * 0.92, y + 0.8 * mouth.droop],
        99: [m * 0.45, y - 0.004],
        98: [0, y + 0.008],
        101: [m * 0.45, y - 0.004],
        102: [0, y + 0.008],
    }
    for index, point in right.items():
        points[index] = point
        points[MIRROR[index]] = np.array(point) * [-1, 1]
