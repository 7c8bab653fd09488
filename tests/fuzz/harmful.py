"""What the sandbox has to notice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def nothing(folder: Path) -> None:
    """No harm."""


def crash(folder: Path) -> None:
    """As a library does."""
    os.abort()


def hunger(folder: Path) -> None:
    """More memory than a case may have."""
    bytearray(1 << 40)


def raise_it(folder: Path) -> None:
    """A traceback."""
    raise KeyError(folder)


def write(folder: Path) -> None:
    """A file outside the folder."""
    path = folder.parent / "outside"
    path.touch()
    path.write_text("")


def start(folder: Path) -> None:
    """A program."""
    subprocess.run(["true"], check=True)
