"""Five-point alignment: the ArcFace template and the similarity transform that takes a face to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = np.ndarray  # float64 [2, 3]

SIZE = 112
# Left eye, right eye, nose, left and right mouth corner in the crop (insightface, utils/face_align.py).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> Matrix:
    """The [2, 3] rotation, uniform scale and shift that takes points [N, 2] closest to `target` [N, 2].

    Least squares (Umeyama 1991); in the plane, without reflection, it has a closed form.
    Errors: ValueError where all source points coincide.
    """
    source_mean, target_mean = source.mean(0), target.mean(0)
    (x, y), (u, v) = (source - source_mean).T, (target - target_mean).T
    spread = float(x @ x + y @ y)
    if spread == 0:
        raise ValueError("similarity: all points coincide")
    a, b = (x @ u + y @ v) / spread, (x @ v - y @ u) / spread
    linear = np.array([[a, -b], [b, a]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def invert(matrix: Matrix) -> Matrix:
    """The affine map back."""
    return cv2.invertAffineTransform(matrix)


def transform(matrix: Matrix, points: NDArray[np.floating]) -> np.ndarray:
    """Map points [..., 2]."""
    return points @ matrix[:, :2].T + matrix[:, 2]
