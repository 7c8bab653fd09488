"""Where published weights lie, and what is drawn here in place of the papers' data."""

from __future__ import annotations

from pathlib import Path

from stages.core.runtime import atomic_path

PUBLISHED = Path("models/published")
CORPUS = Path("data/synthetic")
STILLS = Path("data/stills")
VIDEOS = "videos"
SETS = ("identities", "affect", "landmarks")  # still sets, folders of STILLS
NOTE = "NOT_DRAWN.txt"  # in a folder whose set nothing reads


def is_drawn(path: Path | str) -> bool:
    """Whether a path is that of the drawn corpus or of a drawn still set."""
    drawn = {CORPUS.resolve(), *((STILLS / name).resolve() for name in SETS)}
    return Path(path).resolve() in drawn


def leave_undrawn(folder: Path) -> None:
    """Say in a folder that its set is not drawn: a file, since DVC knows no empty folders."""
    with atomic_path(folder / NOTE) as beside:
        beside.write_text("Not drawn: nothing reads this set at the values in force.\n")


def is_undrawn(folder: Path) -> bool:
    """Whether a drawn set has been left out, so that there is nothing to read."""
    return (folder / NOTE).exists()
