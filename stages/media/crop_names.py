"""Names of the official crops: cropped_aligned/<trial>/00001.jpg is frame 1."""

from __future__ import annotations

import os
from pathlib import Path


def crop_numbers(folder: Path) -> list[int]:
    """Frame numbers of the crops in a folder, sorted; a number is missing where no face was found."""
    stems = (os.path.splitext(name) for name in os.listdir(folder))  # noqa: PTH122, PTH208 - millions of files
    return sorted(int(stem) for stem, suffix in stems if suffix == ".jpg" and stem.isdigit())
