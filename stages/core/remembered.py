"""Digests of large sources: computed by several processes, remembered by their files' sizes and times."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from stages.core.errors import UserError
from stages.core.runtime import atomic_path, workers
from stages.core.store import digest, digest_path, files_below

MEMORY = Path(".state/digests.json")
SETTLED = (
    2.0  # seconds; files younger than that may change once more within one tick of the file system's clock
)

Known = dict[str, list[str]]  # absolute path → stamp and digest


def digest_paths(paths: Iterable[Path], memory: Path = MEMORY) -> dict[Path, str]:
    """`store.digest_path` of each file or folder; what has not changed since `memory` was written is not read.

    Errors: UserError where there is no such path.
    """
    wanted, known, now = sorted(set(paths)), _read(memory), time.time()
    stamps = {path: _stamp(path) for path in wanted}
    fresh = [path for path in wanted if _recalled(known, path, stamps[path][0]) is None]
    found = dict(zip(fresh, _computed(fresh), strict=True))
    settled = {path: value for path, value in found.items() if stamps[path][1] < now - SETTLED}
    if settled:
        entries = {str(path.absolute()): [stamps[path][0], value] for path, value in settled.items()}
        there = {path: entry for path, entry in _read(memory).items() if Path(path).exists()}
        _write(memory, there | entries)
    return {path: found.get(path) or known[str(path.absolute())][1] for path in wanted}


def _computed(paths: list[Path]) -> list[str]:
    from joblib import Parallel, delayed

    jobs = max(1, min(workers(), len(paths)))
    return list(Parallel(n_jobs=jobs)(delayed(digest_path)(path) for path in paths))


def _recalled(known: Known, path: Path, stamp: str) -> str | None:
    before, value = known.get(str(path.absolute()), ["", ""])
    return value if before == stamp else None


def _stamp(path: Path) -> tuple[str, float]:
    """Digest of the names, sizes and times of all files, and the latest time.

    Times of content and of the entry itself: a copy may bring an old time of content along.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    names = files_below(path) if path.is_dir() else [""]
    found = [os.stat(f"{path}/{name}" if name else path) for name in names]  # noqa: PTH116 - a Path a crop is slow
    times = [max(file.st_mtime, file.st_ctime) for file in found]
    stamps = [(file.st_size, file.st_mtime_ns, file.st_ctime_ns) for file in found]
    return digest(names, stamps), max(times, default=0.0)


def _read(memory: Path) -> Known:
    try:
        known: Known = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}  # not there or damaged: all is read anew
    return known


def _write(memory: Path, known: Known) -> None:
    with atomic_path(memory) as beside:
        beside.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
