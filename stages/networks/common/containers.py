"""Published weight files, whatever their container, read without running what they carry."""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from stages.core.errors import UserError
from stages.networks.common.pickles import Array, ArrayUnpickler, check_legacy, check_zip

ZIP = b"PK\x03\x04"  # torch.save since 1.6
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch.save before: a pickled magic number
WRAPPERS = ("state_dict", "state_dict_backbone")  # keys under which checkpoints keep their tensors
PARALLEL = "module."  # prefix left by DataParallel


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name from safetensors, torch's zip or legacy files, or a plain pickle of NumPy arrays.

    A `state_dict` is unwrapped and `module.` stripped. No code from the file is run: torch files are read
    with `weights_only=True`, plain pickles as data (see `pickles`). Memory is what the file itself fills.
    Errors: UserError for a missing, truncated or foreign file and for one that carries code.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such weight file; put it there or change the key that names it")
    try:
        return _tensors(_read(path), path)
    except pickle.UnpicklingError as error:
        raise UserError(f"{path}: not read, for it holds more than arrays ({_first(error)})") from None
    except UserError:
        raise
    except Exception as error:  # bytes may break a reader in any way
        raise UserError(f"{path}: cannot be read as weights, perhaps cut off ({_first(error)})") from None


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(len(LEGACY))
        if head[8:9] == b"{":  # safetensors: length of a JSON header, then the header
            return load_file(path)
        if head.startswith(ZIP) or head == LEGACY:
            file.seek(0)
            (check_zip if head.startswith(ZIP) else check_legacy)(file, path.stat().st_size)
            with torch.serialization.safe_globals([_SCALAR, np.dtype, *_DTYPES]):
                return torch.load(path, map_location="cpu", weights_only=True)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:  # gives no more than there is
            return ArrayUnpickler(content, encoding="latin1").load()


# Scalars such as a best score stand beside the tensors in some checkpoints.
_SCALAR: Any = np.float64(0).__reduce__()[0]
_DTYPES = [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]


def _tensors(content: Any, path: Path) -> dict[str, Tensor]:
    wrapper = next((key for key in WRAPPERS if isinstance(content, Mapping) and key in content), None)
    state = content if wrapper is None else content[wrapper]
    if not isinstance(state, Mapping) or not state:
        raise UserError(f"{path}: holds no table of named tensors; name a state dict")
    return {str(name).removeprefix(PARALLEL): _tensor(name, value, path) for name, value in state.items()}


def _tensor(name: Any, value: Any, path: Path) -> Tensor:
    value = value.values if isinstance(value, Array) else value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("=")))
    if not isinstance(value, Tensor):
        raise UserError(f"{path}: entry {name!r} is not a tensor; name a state dict")
    return value.detach()


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
