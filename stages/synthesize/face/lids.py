"""Opening of the eyes: where lid points and pupils go."""

from __future__ import annotations

import numpy as np

from stages.synthesize.face.landmarks import MIRROR, Points
from stages.synthesize.face.movement import respond
from stages.synthesize.face.names import INDEX, FaceState

_NARROW = {"AU7": 0.30, "AU6": 0.16, "AU4": 0.08, "AU9": 0.2, "AU12": 0.05}
_UPPER, _LOWER = (76, 77, 78), (82, 81, 80)  # right eye, inner to outer
_LEAST = 0.004


def openness(state: FaceState) -> tuple[float, float]:
    """Share of the resting height that the upper lid leaves open, left and right; 0 is shut."""
    found = []
    for side in (0, 1):
        u = respond(state.units[side])
        narrow = sum(share * float(u[INDEX[name]]) for name, share in _NARROW.items())
        wide = 0.4 * float(u[INDEX["AU5"]]) + 0.1 * float(u[INDEX["AU1"]] + u[INDEX["AU2"]]) / 2
        relaxed = (
            (1 + wide) * float(np.exp(-narrow))
            - 0.22 * max(0.0, state.gaze_y)
            + 0.08 * max(0.0, -state.gaze_y)
        )
        found.append(max(0.0, relaxed) * (1 - float(u[INDEX["AU43"]])))
    return found[0], found[1]


def place_lids(points: Points, rest: Points, state: FaceState) -> None:
    """Moves upper lids and pupils in `points` [106, 2], whose lower lids and corners are in place already."""
    for side, share in enumerate(openness(state)):
        for upper, lower in zip(_UPPER, _LOWER, strict=True):
            a, b = (int(MIRROR[upper]), int(MIRROR[lower])) if side == 0 else (upper, lower)
            gap = rest[b, 1] - rest[a, 1]
            raised = max(0.0, rest[b, 1] - points[b, 1])
            points[a, 0] = rest[a, 0] + points[b, 0] - rest[b, 0]
            points[a, 1] = points[b, 1] - max(_LEAST, gap * share - raised)
        pupil, centre = (104, 74) if side == 0 else (105, 83)
        points[pupil] = points[centre] + [0.1 * state.gaze_x, 0.05 * state.gaze_y]
