"""Weight files that lie: no read beyond a file, no memory by a number in it, no table that takes for ever to hash."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch

from stages.core.errors import UserError
from stages.networks.common.containers import read_weights


class Calls:
    """Pickled as the call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = function, arguments

    def __reduce__(self) -> Any:
        return self.called


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UserError, match=path.name) as caught:
        read_weights(path)
    return str(caught.value)


def rewritten(path: Path, old: bytes = b"", new: bytes = b"", **how: Any) -> bytes:
    """A file of torch with ten ones, packed anew with other bytes in its table of tensors."""
    torch.save({"a": torch.ones(10)}, path)
    with ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with ZipFile(path, "w", **how) as file:
        for name, content in parts.items():
            file.writestr(name, content.replace(old, new) if name.endswith("data.pkl") else content)
    return path.read_bytes()


def test_a_tensor_longer_than_its_record_is_refused(tmp_path: Path) -> None:
    """torch reads it, and what follows in memory."""
    content = rewritten(tmp_path / "a.pth", b"K\n", b"J\x00\x00\x10\x00")
    assert len(torch.load(tmp_path / "a.pth", weights_only=True)["a"]) == 1 << 20
    assert "a tensor is longer than its record" in refused(tmp_path / "a.pth", content)


def test_a_zip_that_unpacks_to_more_than_itself_is_refused(tmp_path: Path) -> None:
    content = rewritten(tmp_path / "a.pth", compression=ZIP_DEFLATED)
    assert "its parts are compressed" in refused(tmp_path / "a.pth", content)


def test_the_same_file_unspoilt_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(rewritten(tmp_path / "a.pth"))
    assert read_weights(tmp_path / "a.pth")["a"].tolist() == [1.0] * 10


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"a": Calls(np.ndarray, (1 << 40,))}),
        pickle.dumps({"a": Calls(np.dtype, "O")}),
        pickle.dumps({"a": np.array([{}], object)}),
        pickle.dumps({"a": Calls(bytearray, 1 << 40)}),
        b"\x80\x02}r\xff\xff\xff\x7f.",  # a place in the memo that C's unpickler makes room up to
        b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + b"x.",  # bytes that are said to be a terabyte
        b"\x80\x02})" + b"2\x86" * 60 + b"K\x01s.",  # a key that is a tuple of 2**60 tuples
        b"\x80\x04\x8f(" + b")" + b"2\x86" * 60 + b"\x90.",  # the same in a set
    ],
)
def test_a_pickle_does_nothing(content: bytes, tmp_path: Path) -> None:
    assert "\n" not in refused(tmp_path / "a.pkl", content)
