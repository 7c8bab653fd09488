"""New arrays on disk that are written through memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike

Mapped = np.memmap[Any, np.dtype[Any]]


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Mapped:
    """A .npy file, mapped; its room on the disk is taken at once.

    Without that a disk that fills up is told by a signal that ends the process, wherever it writes next.
    Errors: OSError where there is not enough room.
    """
    array: Mapped = open_memmap(path, "w+", dtype, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array
