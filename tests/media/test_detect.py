"""Detectors: the constant shift of MTCNN is gone, sizes are handled, missing weights are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from stages.core.errors import UserError
from stages.media.detect import Detector, build_detector, detect_faces, mtcnn
from tests.media.faces import as_frame, astronaut, eyes, mirrored, six_people


@pytest.fixture(scope="module")
def detector() -> Detector:
    return mtcnn()


def shifts(detector: Detector, picture: np.ndarray) -> list[float]:
    """Half of each face's horizontal difference to where the mirror image has it, in eyes' distances."""
    here, there = detector(picture), detector(np.ascontiguousarray(picture[:, ::-1]))
    found = []
    for face in here:
        back = [mirrored(other.points, picture.shape[1]) for other in there]
        differences = [face.points - points for points in back]
        nearest = min(differences, key=lambda difference: np.abs(difference).sum())
        found.append(float(nearest[:, 0].mean()) / 2 / eyes(face.points))
    return found


def test_no_constant_shift(detector: Detector) -> None:
    """What the picture and its mirror image have in common is the detector's: 0.06 if uncorrected."""
    found = shifts(detector, astronaut()) + shifts(detector, six_people())
    assert len(found) == 7
    assert abs(np.median(found)) < 0.02


def test_points_are_in_the_pixels_of_the_frame(detector: Detector) -> None:
    picture = np.repeat(np.repeat(astronaut(), 3, 0), 3, 1)
    (large,) = detect_faces(as_frame(picture), detector, 512)
    (small,) = detect_faces(as_frame(astronaut()), detector, 512)
    assert np.allclose((large.points + 0.5) / 3 - 0.5, small.points, atol=0.5)
    assert np.allclose((large.box + 0.5) / 3 - 0.5, small.box, atol=0.5)
    left, right, nose, *_ = small.points
    assert left[0] < nose[0] < right[0] and nose[1] > left[1]
    assert small.box[0] < left[0] and right[0] < small.box[2]


def test_no_face(detector: Detector) -> None:
    assert detect_faces(as_frame(np.full((240, 320, 3), 90, np.uint8)), detector, 480) == []


def test_unknown_detector() -> None:
    with pytest.raises(UserError, match=r"frames\.detector: 'dlib' is not a detector"):
        build_detector("dlib")


def test_missing_pack(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"put det_10g\.onnx of insightface's buffalo_l pack there"):
        build_detector("scrfd", tmp_path)


def scrfd_file(path: Path) -> None:
    """A network with SCRFD's inputs and outputs that sees one face, in the middle of the stride 32 map."""
    outputs, nodes, weights = [], [], []
    face = (10 * 20 + 10) * 2
    for kind, width, value in (("score", 1, 0.9), ("box", 4, 1.5), ("points", 10, 0.0)):
        for stride in (8, 16, 32):
            rows = (640 // stride) ** 2 * 2
            constant = np.zeros((rows, width), np.float32)
            if stride == 32:
                constant[face] = (
                    [-0.5, -0.5, 0.5, -0.5, 0, 0, -0.4, 0.5, 0.4, 0.5] if kind == "points" else value
                )
            name = f"{kind}_{stride}"
            weights.append(onnx.numpy_helper.from_array(constant, name + "_w"))
            nodes.append(helper.make_node("Add", [name + "_w", "zero"], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, width]))
    image = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "h", "w"])
    nodes[:0] = [
        helper.make_node("ReduceMean", ["input.1"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "mean"], ["zero"]),
    ]
    graph = helper.make_graph(nodes, "scrfd", [image], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


def test_scrfd_by_insightface(tmp_path: Path) -> None:
    """A 1280×640 picture is halved into the 640×640 input, so the anchor at (320, 320) lies at (640, 640)."""
    scrfd_file(tmp_path / "det_10g.onnx")
    (face,) = build_detector("scrfd", tmp_path)(np.zeros((1280, 1280, 3), np.uint8))
    assert face.score == pytest.approx(0.9)
    assert np.allclose(face.box, [640 - 96, 640 - 96, 640 + 96, 640 + 96])
    assert np.allclose(face.points[[0, 4]], [[640 - 32, 640 - 32], [640 + 25.6, 640 + 32]])
