"""Weight files of every format, cards, still sets and ONNX files spoilt, and what reads them."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.torch import save

from stages.core.card import read_card
from stages.media.detect import scrfd
from stages.networks.common.containers import read_weights
from stages.training.samples.still_sets import read_stills
from tests.fuzz.spoiling import spoilt
from tests.predict.saved import CARDS

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(3, dtype=torch.int64)}
ARRAYS = {name: tensor.numpy() for name, tensor in TENSORS.items()}


class Runs:
    """What a pickle can be made to do."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


HARMFUL = [
    Runs(os.system, "touch ran"), Runs(eval, "open('ran', 'w')"), Runs(np.ndarray, (1 << 40,)),
    Runs(bytearray, 1 << 40), Runs(np.dtype, "O"),
    Runs(print, "ran"), {(1, (2, 3)): 1}, {"a": object}, {"a": np.array([{}], object)},
]  # fmt: skip
CRAFTED = [
    b"\x80\x02" + b"r\xff\xff\xff\x7f.", b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + b"x.",
    b"\x80\x02)" + b"2\x86" * 60 + b"}q\x00",
    b"\x80\x02})" + b"2\x86" * 40 + b"K\x01s.", b"\x80\x04\x95" + (1 << 60).to_bytes(8, "little") + b".",
    b"(" * 100_000 + b".",
]  # fmt: skip


def read_any(folder: Path, name: str, data: bytes) -> None:
    """A file read by the function that is there for it. Errors: as its."""
    path = folder / name
    if name == "labels.parquet":
        np.save(folder / "images.npy", np.zeros((2, 112, 112, 3), np.uint8))
    if name == "images.npy":
        labels().to_parquet(folder / "labels.parquet")
    path.write_bytes(data)
    os.chdir(folder)
    if name.endswith(("npy", "parquet")):
        read_stills(folder)
    elif name.endswith("onnx"):
        scrfd(path)
    elif name == "card.json":
        read_card(folder)
    else:
        for tensor in read_weights(path).values():
            tensor.sum()
    assert not (folder / "ran").exists()


def whole() -> dict[str, bytes]:
    """Name → bytes of a file of each format."""
    card = {
        **CARDS["visual"],
        "system": "a",
        "step": "b",
        "tasks": ["AU"],
        "params": {},
        "data": "",
        "code": "",
    }
    return {
        "a.safetensors": save(TENSORS),
        "a.pth": _saved(TENSORS),
        "a.pth.tar": _saved(
            {"state_dict": TENSORS, "best": np.float64(0.5)}, _use_new_zipfile_serialization=False
        ),
        "a.pkl": pickle.dumps(ARRAYS, protocol=2),
        "b.pkl": pickle.dumps(ARRAYS, protocol=4),
        "card.json": json.dumps(card).encode(),
        "images.npy": _bytes(lambda file: np.save(file, np.zeros((2, 112, 112, 3), np.uint8))),
        "labels.parquet": _bytes(lambda file: labels().to_parquet(file)),
        "det_10g.onnx": _network(),
    }


def labels() -> pd.DataFrame:
    """Of two stills."""
    return pd.DataFrame({"identity": ["a", "b"], "split": ["train", "validation"]})


def cases(folder: Path) -> st.SearchStrategy[tuple[str, bytes]]:
    """Name and bytes."""
    files = whole()
    spoiled = st.sampled_from(sorted(files)).flatmap(
        lambda name: st.tuples(st.just(name), spoilt(files[name]))
    )
    made = [*CRAFTED, *(pickle.dumps(each, protocol=protocol) for each in HARMFUL for protocol in (0, 2, 4))]
    made += [_saved({"a": each}) for each in HARMFUL]
    harmful = st.tuples(st.sampled_from(["a.pkl", "a.pth"]), st.sampled_from(made))
    return st.one_of(spoiled, spoiled, spoiled, harmful)


def file_of(case: tuple[str, bytes]) -> str:
    """What a sentence has to name."""
    return case[0]


def _saved(content: Any, **options: Any) -> bytes:
    return _bytes(lambda file: torch.save(content, file, **options))


def _bytes(write: Callable[[Any], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _network() -> bytes:
    """An ONNX file with the inputs and outputs of SCRFD."""
    there = helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 3, "h", "w"])
    outs = [helper.make_tensor_value_info(f"out{n}", TensorProto.FLOAT, None) for n in range(9)]
    nodes = [helper.make_node("Relu", ["in"], [out.name]) for out in outs]
    graph = helper.make_graph(nodes, "g", [there], outs)
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    ).SerializeToString()
    return made
