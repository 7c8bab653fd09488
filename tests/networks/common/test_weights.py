from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from stages.core.errors import UserError
from stages.networks.common.weights import load_file_into, load_weights, read_weights

ARRAYS = {"fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "fc.bias": np.ones(2, np.float32)}
TENSORS = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}


def as_safetensors(path: Path) -> None:
    save_file(TENSORS, path)


def as_zip(path: Path) -> None:
    torch.save(TENSORS, path)


def as_legacy(path: Path) -> None:
    torch.save(TENSORS, path, _use_new_zipfile_serialization=False)


def as_checkpoint(path: Path) -> None:
    state = OrderedDict((f"module.{name}", tensor) for name, tensor in TENSORS.items())
    torch.save({"epoch": 3, "best": np.float64(0.5), "state_dict": state}, path)


def as_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(ARRAYS, protocol=4))


def as_old_pickle(path: Path) -> None:
    """As Python 2 and the NumPy of its time named things."""
    path.write_bytes(pickle.dumps(ARRAYS, protocol=2).replace(b"numpy._core", b"numpy.core"))


@pytest.mark.parametrize(
    "write",
    [as_safetensors, as_zip, as_legacy, as_checkpoint, as_pickle, as_old_pickle],
    ids=lambda f: f.__name__,
)
def test_every_container_gives_the_same_tensors(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "weights")
    found = read_weights(tmp_path / "weights")
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        name: array.tolist() for name, array in ARRAYS.items()
    }


def test_bytes_of_a_python_2_pickle_are_read_as_latin1(tmp_path: Path) -> None:
    """A dict of one 1-byte array, written by hand as cPickle of Python 2 does."""
    old = (
        b"}U\x01xcnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntU\x01btR"
        b"(I1\n(I2\ntcnumpy\ndtype\n(U\x02u1I0\nI1\ntR(I3\nU\x01|NNNI-1\nI-1\nI0\ntbI00\nU\x02\xfe\x07tbs."
    )
    (tmp_path / "old.pkl").write_bytes(old)
    assert read_weights(tmp_path / "old.pkl")["x"].tolist() == [254, 7]


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def with_code(content: Any, path: Path, container: str) -> None:
    if container == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=container == "zip")


@pytest.mark.parametrize("container", ["pickle", "zip", "legacy"])
def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path, container: str) -> None:
    trace = tmp_path / "ran"
    with_code({**TENSORS, "more": Runs(trace)}, tmp_path / "weights.pth", container)
    with pytest.raises(UserError, match=r"weights\.pth: not read, for it holds more than arrays"):
        read_weights(tmp_path / "weights.pth")
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins.eval", "numpy.load", "_codecs.decode", "numpy._core.multiarray.array"]
)
def test_unpickler_knows_only_what_arrays_are_made_of(tmp_path: Path, name: str) -> None:
    module, _, attribute = name.rpartition(".")
    (tmp_path / "x.pkl").write_bytes(f"c{module}\n{attribute}\n.".encode())
    with pytest.raises(UserError, match=rf"x\.pkl.*asks for {name}"):
        read_weights(tmp_path / "x.pkl")


def test_broken_files_are_named(tmp_path: Path) -> None:
    for write in (as_safetensors, as_zip, as_legacy, as_pickle):
        path = tmp_path / write.__name__
        write(path)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(UserError, match=f"{write.__name__}: "):
            read_weights(path)
    with pytest.raises(UserError, match="no such weight file"):
        read_weights(tmp_path / "absent")
    (tmp_path / "page").write_text("<html>not found</html>")
    with pytest.raises(UserError, match="page: "):
        read_weights(tmp_path / "page")
    torch.save([1, 2], tmp_path / "list")
    with pytest.raises(UserError, match="no table of named tensors"):
        read_weights(tmp_path / "list")


def network() -> nn.Module:
    return nn.Sequential(OrderedDict(fc=nn.Linear(3, 2), norm=nn.BatchNorm1d(2)))


def complete() -> dict[str, Tensor]:
    return {name: torch.full_like(value, 2) for name, value in network().state_dict().items()}


def test_report_and_values() -> None:
    model, tensors = network(), complete()
    del tensors["norm.num_batches_tracked"]
    report = load_weights(
        model, tensors | {"classifier.weight": torch.ones(1)}, allow_unexpected=("classifier.",)
    )
    assert report.counts() == {"matched": 6, "missing": 1, "unexpected": 1}
    assert report.missing == ("norm.num_batches_tracked",)
    assert "6 tensors matched" in str(report) and "classifier.weight" in str(report)
    assert torch.equal(model.state_dict()["fc.weight"], torch.full((2, 3), 2.0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc.weight": None}, r"w\.pth: .*6 tensors matched, 1 missing \(fc\.weight\), 0 unexpected"),
        ({"extra": torch.ones(1)}, r"w\.pth: .*7 tensors matched, 0 missing, 1 unexpected \(extra\)"),
        (
            {"fc.bias": torch.ones(3)},
            r"w\.pth: 1 of another shape \(fc\.bias\); fc\.bias is 3 in the file and 2",
        ),
    ],
)
def test_a_partial_network_is_refused_and_left_alone(change: dict[str, Tensor | None], said: str) -> None:
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tensors = {name: value for name, value in (complete() | change).items() if value is not None}
    with pytest.raises(UserError, match=said):
        load_weights(model, tensors, source=Path("w.pth"))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_may_be_missing_is_left_as_it_was(tmp_path: Path) -> None:
    torch.save(
        {name: value for name, value in complete().items() if name.startswith("fc.")}, tmp_path / "fc.pth"
    )
    model = network()
    report = load_file_into(model, tmp_path / "fc.pth", allow_missing=("norm.",))
    assert report.counts() == {"matched": 2, "missing": 5, "unexpected": 0}
    assert torch.equal(model.state_dict()["norm.weight"], torch.ones(2))
