"""Crops hashed a second: by several processes, remembered, and one after the other by hand."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from benchmarks.measure import Row, seconds
from stages.core.remembered import digest_paths

TRIALS, EACH, SIZE = 10, 5000, 4000  # folders, crops in each, bytes of a crop


def rows(folder: Path) -> list[Row]:
    """Of 50,000 crops in ten folders, all of them in the page cache."""
    trials, memory = _crops(folder / "crops"), folder / "memory.json"

    def anew() -> None:
        memory.unlink(missing_ok=True)
        digest_paths(trials, memory)

    def again() -> None:
        digest_paths(trials, memory)

    first, hand, second = seconds(anew, lambda: _by_hand(trials), again, repeat=3)
    count = TRIALS * EACH
    return [
        Row("crops hashed", "1/s", count / first, "pathlib, sha256", count / hand),
        Row("crops found unchanged", "1/s", count / second, "pathlib, sha256", count / hand),
    ]


def _crops(folder: Path) -> list[Path]:
    for trial in range(TRIALS):
        own = folder / f"video{trial}"
        own.mkdir(parents=True)
        for number in range(EACH):
            path = own / f"{number:05d}.jpg"
            path.write_bytes(os.urandom(SIZE))
            os.utime(path, (0, 0))
    return sorted(folder.iterdir())


def _by_hand(trials: list[Path]) -> None:
    for trial in trials:
        for path in sorted(trial.rglob("*")):
            hashlib.sha256(path.read_bytes()).hexdigest()
