"""What files of a corpus may be called: videos, the official crops, and what unpacking leaves behind."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from stages.core.errors import UserError, shown

ISO = (".mp4", ".m4v", ".mov", ".3gp", ".3g2")
MPEG = (".mpg", ".mpeg", ".m2v", ".vob", ".ts", ".mts", ".m2ts")
OTHERS = (".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".ogv", ".mxf", ".gif")
VIDEO_SUFFIXES = frozenset([*ISO, *MPEG, *OTHERS])
PICTURE_SUFFIXES = frozenset([".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"])
# Folders and files that macOS, Windows and network drives put beside the data.
LEFT_BEHIND = frozenset(["__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "lost+found"])


RESERVED = frozenset(["index", "keys"])  # files of a store that are no items
ROOM = 40  # bytes that stages put behind a name: "-001.parquet", ".overlay.mp4"
MOST_BYTES = 255  # of a file's name


def check_name(name: str, path: Path) -> None:
    """Errors: UserError, naming `path`, for a name that no files of ours can be called by."""
    if name.lower() in RESERVED or name in (".", "..") or set(name) & {"/", "\0"}:
        raise UserError(f"{path}: {name!r} is no name for a trial or video; rename it")
    if shown(name) != name:
        raise UserError(f"{path}: there are signs in its name that cannot be shown; rename it")
    if len(os.fsencode(name)) > MOST_BYTES - ROOM:
        raise UserError(f"{path}: its name is longer than {MOST_BYTES - ROOM} bytes; rename it")


def check_readable(path: Path) -> None:
    """Errors: UserError for a path that is no UTF-8: libraries in C end the process over it."""
    if str(path) != str(path).encode(errors="ignore").decode():
        raise UserError(f"{path}: there are signs in its name that are no UTF-8; rename it")


def is_left_behind(name: str) -> bool:
    """Whether a file or folder is hidden, or put there by a system and not by a person."""
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def is_video(path: Path) -> bool:
    """Whether a file's name is a video's."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def crop_files(folder: Path) -> dict[int, str]:
    """File names of the crops in a folder by their frame, in order: 00001.jpg, 000001.png or 1.JPG is frame 1.

    A number is missing where no face was found.
    Errors: UserError for two files of one number.
    """
    found = defaultdict(list)
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - millions of files
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        if suffix.lower() in PICTURE_SUFFIXES and stem.isascii() and stem.isdigit():
            found[int(stem)].append(name)
    for names in found.values():
        if len(names) > 1:
            raise UserError(f"{folder}: {names[0]} and {names[1]} are one frame; remove one of them")
    return {number: found[number][0] for number in sorted(found)}
