"""Names of what a drawn face can do, and the state that says how much of it it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.synthesize.face.space import Array

LABELLED = ("AU1", "AU2", "AU4", "AU6", "AU7", "AU10", "AU12", "AU15", "AU23", "AU24", "AU25", "AU26")
HELPERS = ("AU5", "AU9", "AU14", "AU16", "AU17", "AU18", "AU20", "AU27", "AU43")
UNITS: tuple[str, ...] = LABELLED + HELPERS
INDEX = {name: i for i, name in enumerate(UNITS)}


@dataclass(frozen=True)
class FaceState:
    """What a face does at one moment.

    `units` is float32 [2, len(UNITS)], intensity 0..1 on the left and right of the image; angles are
    degrees (positive yaw turns to the right of the image, positive pitch nods down, positive roll tilts
    clockwise in the image); gaze is in about [-1, 1], right and down positive.
    """

    units: Array
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0


def state(
    units: dict[str, float] | None = None,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    gaze_x: float = 0.0,
    gaze_y: float = 0.0,
) -> FaceState:
    """A symmetric state from unit names and intensities; KeyError for a name that is not in `UNITS`."""
    values = np.zeros((2, len(UNITS)), np.float32)
    for name, intensity in (units or {}).items():
        values[:, INDEX[name]] = intensity
    return FaceState(values, yaw, pitch, roll, gaze_x, gaze_y)
