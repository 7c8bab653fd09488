"""The content-keyed per-video store: a folder of arrays in which finished work is never done twice.

Each item (a trial or a video) has a key: the digest of its source, the stage's parameters and its code.
`keys.json` in the folder tells key, files and note of every finished item. A run keeps items whose key is
unchanged, deletes the others, and makes what is missing: DVC keeps the folder between runs (`persist: true`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from stages.core.errors import UserError
from stages.core.executor import results, shown
from stages.core.runtime import atomic_path, log, workers

KEYS = "keys.json"
SCRATCH = ".partial"
BLOCK = 1 << 20  # bytes read at a time

Note = dict[str, Any]  # small figures about an item, JSON, the same on every run (no times)
Make = Callable[[str, Path], "Note | None"]  # writes `<name>.*` into the folder given


def digest(*parts: Any) -> str:
    """SHA-256 of JSON-able values, the same whatever the order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def digest_path(path: Path) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of all files in a folder (dot files left out).

    Errors: UserError where there is no such path.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if path.is_dir():
        return digest([(name, _of_bytes(f"{path}/{name}")) for name in files_below(path)])
    return _of_bytes(str(path))


def files_below(folder: Path) -> list[str]:
    """Paths of all files in a folder, from there, sorted; files whose name begins with a dot are left out."""
    return ["/".join(parts) for parts in sorted(_below(str(folder), ()))]


def _below(folder: str, parents: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, (*parents, entry.name))
            elif not entry.name.startswith(".") and entry.is_file():
                yield *parents, entry.name


def _of_bytes(path: str) -> str:
    state = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path a crop costs as much as its hash
        while block := file.read(BLOCK):
            state.update(block)
    return state.hexdigest()


def read_keys(folder: Path) -> dict[str, str]:
    """Name → key of the finished items: what a stage that reads the store digests as its source.

    Errors: UserError where the folder is no store.
    """
    if not (folder / KEYS).exists():
        raise UserError(f"{folder / KEYS}: missing; run the stage that writes {folder} first")
    return {name: entry["key"] for name, entry in _load(folder).items()}


def read_notes(folder: Path) -> dict[str, Note]:
    """Name → note of the finished items."""
    return {name: entry["note"] for name, entry in _load(folder).items()}


def fill(
    folder: Path,
    sources: Mapping[str, str],
    make: Make,
    *,
    params: Mapping[str, Any],
    code: str,
    on_error: Literal["fail", "skip"] | None = None,
    keep: Sequence[str] = (),
    jobs: int | None = None,
) -> dict[str, Note]:
    """Bring the store to exactly the items of `sources` (name → digest of its source); return their notes.

    `make(name, scratch)` writes the item's files, named `<name>.*`, into an empty folder and may return a
    note. It runs in `jobs` processes, by default `runtime.workers()`; the bytes do not depend on their
    number. `code` is the digest of what makes the items (`digests.code_version`); `keep` names files that
    are no items.
    Errors: a `UserError` of `make` is reported and its item left out; unless `on_error` is "skip" it is
    raised once the other items are done. None: the user has no such choice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = {name: digest(source, dict(params), code) for name, source in sources.items()}
    entries = _prune(folder, keys, keep)
    todo = [name for name in sorted(keys) if name not in entries]
    failed = {}
    try:
        for name, files, note, problem in _work(folder, todo, make, jobs or workers()):
            if problem is not None:
                failed[name] = problem
                log.print(f"left out: {problem}")
                continue
            entries[name] = {"key": keys[name], "files": files, "note": note}
            _save(folder, entries)
    finally:
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    if failed and on_error != "skip":
        raise UserError(_summary(failed, ", or set on_error to skip" if on_error else ""))
    return {name: entries[name]["note"] for name in sorted(entries)}


def _prune(folder: Path, keys: Mapping[str, str], keep: Sequence[str]) -> dict[str, Any]:
    """Entries that stay. The list is written before files go: a kill in between costs work, never truth."""
    before = _load(folder)
    entries = {
        name: entry
        for name, entry in before.items()
        if keys.get(name) == entry["key"] and all((folder / file).is_file() for file in entry["files"])
    }
    if entries != before or not (folder / KEYS).exists():
        _save(folder, entries)
    wanted = {KEYS, *keep, *(file for entry in entries.values() for file in entry["files"])}
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in wanted:
            path.unlink()
    return entries


Result = tuple[str, list[str], Note, "str | None"]


def _work(folder: Path, todo: Sequence[str], make: Make, jobs: int) -> Iterator[Result]:
    """Results of `make` as they come."""
    calls = [partial(_attempt, folder, name, make) for name in todo]
    return shown(results(calls, folder, jobs), folder.name, len(todo))


def _attempt(folder: Path, name: str, make: Make) -> Result:
    """Make one item beside the store and rename its files into place."""
    scratch = folder / SCRATCH / name
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        note = make(name, scratch) or {}
        files = sorted(path.name for path in scratch.iterdir())
        for file in files:
            (scratch / file).replace(folder / file)
    except UserError as error:
        return name, [], {}, str(error)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return name, files, note, None


def _load(folder: Path) -> dict[str, Any]:
    path = folder / KEYS
    try:
        return json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        return {}  # not ours or damaged: everything is made anew


def _save(folder: Path, entries: Mapping[str, Any]) -> None:
    with atomic_path(folder / KEYS) as beside:
        beside.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")


def _summary(failed: Mapping[str, str], choice: str) -> str:
    first = failed[min(failed)]
    more = f" (and {len(failed) - 1} more, listed above)" if len(failed) > 1 else ""
    return f"{first}{choice}{more}; the other items are kept"
