"""Where each unit folds and bulges the skin (Ekman & Friesen, FACS, 1978: appearance changes)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.space import Array, bump, pair


class Line(NamedTuple):
    """A furrow along `points` (right half of the image if `mirrored`), with its depth and width."""

    points: list[list[float]]
    depth: float
    width: float = 0.03
    mirrored: bool = True


def lines(identity: Identity, rng: np.random.Generator) -> dict[str, list[Line]]:
    """Furrows by unit."""
    table: dict[str, list[Line]] = {}
    for part in (_forehead(identity, rng), _eyes(identity), _midface(identity), _mouth(identity)):
        for name, found in part.items():
            table.setdefault(name, []).extend(found)
    return table


def bulges(identity: Identity) -> dict[str, list[Array]]:
    """Rises and hollows by unit, height maps over the texture grid."""
    mouth, chin, base = identity.mouth, identity.skull.chin, identity.nose.base
    y, up, low, half = mouth.y, mouth.upper, mouth.lower, mouth.half
    brow = identity.brows.y
    return {
        "AU1": [0.02 * bump(0, brow - 0.12, 0.25, 0.1)],
        "AU4": [0.05 * pair(0.19, brow + 0.02, 0.09, 0.07), -0.03 * pair(0.45, -0.17, 0.2, 0.05)],
        "AU6": [0.105 * pair(0.58, 0.32, 0.2, 0.1), -0.035 * pair(0.47, 0.17, 0.18, 0.03)],
        "AU7": [0.022 * pair(0.5, 0.115, 0.18, 0.028), -0.015 * pair(0.5, 0.18, 0.18, 0.03)],
        "AU9": [0.04 * pair(0.2, 0.2, 0.08, 0.12)],
        "AU10": [0.05 * pair(0.36, base - 0.18, 0.11, 0.12), 0.015 * pair(0.18, base + 0.1, 0.1, 0.06)],
        "AU12": [0.09 * pair(0.6, 0.52, 0.19, 0.15), 0.03 * pair(half + 0.2, y - 0.12, 0.08, 0.12)],
        "AU14": [-0.04 * pair(half + 0.1, y, 0.035, 0.06), 0.03 * pair(half + 0.16, y, 0.05, 0.1)],
        "AU15": [0.045 * pair(half + 0.02, y + 0.19, 0.08, 0.07), 0.02 * bump(0, chin - 0.22, 0.18, 0.1)],
        "AU17": [0.055 * bump(0, chin - 0.26, 0.19, 0.1), -0.04 * bump(0, y + low + 0.08, 0.2, 0.04)],
        "AU23": [
            0.035 * bump(0, y - up * 0.95, 0.26, 0.045),
            0.04 * bump(0, y + low * 1.05, 0.24, 0.05),
            0.03 * pair(half + 0.03, y, 0.06, 0.09),
        ],
        "AU24": [0.05 * bump(0, y - up * 1.05, 0.32, 0.05), 0.05 * bump(0, y + low * 1.15, 0.3, 0.055)],
    }


def _forehead(identity: Identity, rng: np.random.Generator) -> dict[str, list[Line]]:
    brow = identity.brows.y
    top = identity.hair.line
    count = 2 + int(identity.skin.creases * 2.5)
    levels = np.linspace(brow - 0.2, max(top + 0.15, brow - 0.62), count)
    inner, outer = [], []
    for level in (levels + rng.normal(0, 0.025, count)).tolist():
        depth = float(rng.uniform(0.008, 0.045))
        reach, bend = rng.uniform(0.3, 0.5), rng.normal(0, 0.015, 3)
        inner.append(
            Line(
                [
                    [-reach, level + 0.06],
                    [-0.2, level - 0.02 + bend[0]],
                    [0, level + 0.02 + bend[1]],
                    [0.2, level - 0.02 + bend[2]],
                    [reach, level + 0.06],
                ],
                depth,
                0.024,
                False,
            )
        )
        outer.append(
            Line([[reach, level - 0.01], [0.62, level - 0.06 + bend[0]], [0.86, level + 0.05]], depth, 0.022)
        )
    glabella = [Line([[0.085, brow + 0.15], [0.1, brow + 0.01], [0.075, brow - 0.13]], 0.07, 0.028)]
    if identity.skin.creases < 0.3:
        glabella[0] = glabella[0]._replace(depth=0.055)
    glabella.append(Line([[-0.11, -0.1], [0, -0.07], [0.11, -0.1]], 0.05, 0.028, False))
    return {"AU1": inner, "AU2": outer, "AU4": glabella}


def _eyes(identity: Identity) -> dict[str, list[Line]]:
    low = identity.eyes.lower
    feet = [
        Line([[0.81, 0.0 + a * 0.5], [0.9, a * 1.15 + 0.01], [1.0, a * 2.0 + 0.03]], 0.05, 0.018)
        for a in np.linspace(-0.08, 0.1, 3 + int(2 * identity.skin.creases)).tolist()
    ]
    below = [
        Line([[0.27, low + 0.06], [0.44, low + 0.115], [0.68, low + 0.06]], 0.1, 0.028),
        Line([[0.34, low + 0.14], [0.5, low + 0.175], [0.7, low + 0.13]], 0.05, 0.022),
    ]
    tight = [Line([[0.28, low + 0.045], [0.48, low + 0.075], [0.7, low + 0.03]], 0.05, 0.02)]
    return {"AU6": feet + below, "AU7": tight}


def _midface(identity: Identity) -> dict[str, list[Line]]:
    nose, mouth = identity.nose, identity.mouth
    w, b, m, y = nose.half, nose.base, mouth.half, mouth.y
    return {
        "AU6": [Line([[w + 0.05, b - 0.12], [w + 0.13, b + 0.02], [m + 0.06, y - 0.14]], 0.05, 0.032)],
        "AU9": [
            Line([[0.04, -0.02], [0.13, 0.09], [0.19, 0.12]], 0.05, 0.022),
            Line([[0.03, 0.1], [0.12, 0.19], [0.18, 0.23]], 0.045, 0.022),
            Line([[-0.12, -0.06], [0, -0.03], [0.12, -0.06]], 0.06, 0.024, False),
            Line([[w + 0.02, b - 0.22], [w + 0.08, b - 0.06], [0.38, y - 0.22]], 0.075, 0.032),
        ],
        "AU10": [
            Line(
                [[w + 0.005, b - 0.2], [w + 0.09, b - 0.08], [w + 0.15, b + 0.06], [w + 0.14, y - 0.16]],
                0.07,
                0.036,
            )
        ],
        "AU12": [
            Line([[w + 0.04, b - 0.12], [0.43, y - 0.25], [m + 0.14, y - 0.05]], 0.08, 0.036),
            Line([[m + 0.055, y - 0.06], [m + 0.085, y + 0.01], [m + 0.06, y + 0.07]], 0.05, 0.026),
        ],
    }


def _mouth(identity: Identity) -> dict[str, list[Line]]:
    mouth = identity.mouth
    m, y, up, low, chin = mouth.half, mouth.y, mouth.upper, mouth.lower, identity.skull.chin
    above = [
        Line([[x, y - up * 0.9], [x * 1.15, y - up * 0.9 - 0.1]], 0.022, 0.016) for x in (0.08, 0.17, 0.27)
    ]
    below = [Line([[x, y + low * 0.9], [x * 1.1, y + low * 0.9 + 0.09]], 0.02, 0.016) for x in (0.1, 0.22)]
    return {
        "AU14": [Line([[m + 0.07, y - 0.08], [m + 0.1, y], [m + 0.07, y + 0.08]], 0.075, 0.028)],
        "AU15": [Line([[m + 0.03, y + 0.03], [m + 0.075, y + 0.13], [m + 0.035, y + 0.26]], 0.07, 0.032)],
        "AU17": [
            Line([[-0.18, y + low + 0.1], [0, y + low + 0.065], [0.18, y + low + 0.1]], 0.06, 0.034, False),
            *(Line([[x, chin - 0.3], [x * 1.3, chin - 0.18]], 0.035, 0.02) for x in (0.03, 0.1)),
        ],
        "AU20": [Line([[m + 0.13, y - 0.16], [m + 0.17, y + 0.02], [m + 0.12, y + 0.2]], 0.06, 0.03)],
        "AU23": [
            *above,
            *below,
            Line([[m * 0.85, y + 0.055], [m * 1.02, y + 0.01], [m * 1.05, y - 0.06]], 0.04, 0.024),
            Line([[-0.25, y + low * 1.3], [0, y + low * 1.4], [0.25, y + low * 1.3]], 0.05, 0.03, False),
        ],
        "AU24": [
            Line([[m + 0.02, y - 0.06], [m + 0.045, y], [m + 0.02, y + 0.06]], 0.035, 0.03),
            Line([[-0.3, y + low * 1.4], [0, y + low * 1.5], [0.3, y + low * 1.4]], 0.045, 0.034, False),
        ],
        "AU27": [Line([[m + 0.12, y - 0.12], [m + 0.16, y + 0.15], [m + 0.08, y + 0.4]], 0.045, 0.04)],
        "AU26": [Line([[m + 0.12, y - 0.1], [m + 0.15, y + 0.1], [m + 0.1, y + 0.3]], 0.03, 0.04)],
    }
