"""Real faces for tests: scikit-image's astronaut and the six people of insightface's t1, as frames."""

from __future__ import annotations

import cv2
import numpy as np
import skimage.data

from stages.media.colour import GBR_TO_RGB
from stages.media.frame import Frame
from stages.media.refine import MIRROR


def as_frame(rgb: np.ndarray, time: float = 0.0) -> Frame:
    """A picture as if it had been decoded (planes in the order green, blue, red)."""
    red, green, blue = (np.ascontiguousarray(rgb[:, :, channel]) for channel in range(3))
    return Frame((green, blue, red), GBR_TO_RGB, (0, 0, 0), time)


def astronaut() -> np.ndarray:
    return skimage.data.astronaut()


def six_people() -> np.ndarray:
    import insightface.data

    return cv2.cvtColor(insightface.data.get_image("t1"), cv2.COLOR_BGR2RGB)


def mirrored(points: np.ndarray, width: int) -> np.ndarray:
    """Points [5, 2] found in the mirror image, where they lie in the picture."""
    back = points[MIRROR].copy()
    back[:, 0] = width - 1 - back[:, 0]
    return back


def eyes(points: np.ndarray) -> float:
    """Interocular distance."""
    return float(np.linalg.norm(points[1] - points[0]))
