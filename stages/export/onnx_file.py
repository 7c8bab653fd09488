"""ONNX files: written from a portable model, with its contract inside, and run beside the original."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from stages.core.runtime import atomic_path
from stages.export.portable import NAMES, Portable

OPSET = 18  # of 2022: every runtime in use reads it
EXAMPLE = 2  # samples of the batch that the graph is traced with


def write_onnx(exported: Portable, path: Path) -> None:
    """Write the graph, any batch size; its metadata tell each input and the names of each output's columns."""
    batch = torch.export.Dim("batch")
    inputs = tuple(each.zeros(EXAMPLE) for each in exported.inputs.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program: Any = torch.onnx.export(
            exported.module,
            inputs,
            dynamo=True,
            input_names=[*exported.inputs],
            output_names=[*exported.tasks],
            dynamic_shapes=[{0: batch} for _ in inputs],
            opset_version=OPSET,
            verbose=False,
        )
    model = program.model_proto
    _contract(model, exported)
    with atomic_path(path) as beside:
        beside.write_bytes(model.SerializeToString(deterministic=True))


def _contract(model: onnx.ModelProto, exported: Portable) -> None:
    """Put what inputs and outputs mean into the file; take out where in this project's code each node comes from."""
    told = {name: each.meaning for name, each in exported.inputs.items()}
    told |= {task: ", ".join(NAMES[task]) for task in exported.tasks}
    onnx.helper.set_model_props(model, told)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""


def run_onnx(path: Path, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
    """Outputs of a file by onnxruntime on a CPU."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(inputs)))


def largest_difference(found: list[NDArray[np.float32]], wanted: tuple[Tensor, ...]) -> float:
    """The largest difference of a probability."""
    pairs = zip(found, wanted, strict=True)
    return max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)
