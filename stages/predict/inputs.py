"""What the command line names, as files: films, pictures, folders of them, patterns."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from stages.core.errors import UserError
from stages.media.names import PICTURE_SUFFIXES, is_left_behind, is_video


def listed(named: Sequence[Path]) -> list[Path]:
    """Every file once, in the order named; of a folder all films and pictures in it and below, sorted.

    A name that is no file and has *, ? or [ in it is a pattern (shells leave one alone that is in quotes).
    Errors: UserError for a folder or a pattern without a film or picture.
    """
    return list(dict.fromkeys(file for path in named for file in _files(path)))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file() and is_media(file)]
    elif not path.exists() and glob.has_magic(str(path)):
        found = [Path(name) for name in sorted(glob.glob(str(path), recursive=True)) if is_media(Path(name))]  # noqa: PTH207
    else:
        return [path]  # what it is, is seen when it is opened
    if not found:
        raise UserError(f"{path}: no film or picture there; name files, or a folder that holds some")
    return found


def is_media(path: Path) -> bool:
    """Whether a file is a film or a picture by its name, and nothing that a system left behind."""
    return not is_left_behind(path.name) and (is_video(path) or path.suffix.lower() in PICTURE_SUFFIXES)
