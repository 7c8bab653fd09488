"""Code version of a stage: digest of the source files that its results depend on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Nothing in them reaches an array: messages, parameters' types, seeds' plumbing.
CORE = {
    f"stages/core/{name}.py"
    for name in ["digests", "errors", "mapped", "params", "refusals", "remembered", "runtime", "store"]
}


def code_version(*files: str | Path) -> str:
    """SHA-256 of the files and all that they import from this project, but for the core.

    Give the rooms that make the arrays (`module.__file__`), not the front door.
    """
    state = hashlib.sha256()
    for path in sorted(import_closure(*files)):
        name = path.relative_to(ROOT).as_posix()
        if name not in CORE:
            state.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()


def import_closure(*files: str | Path) -> set[Path]:
    """The project's files that `files` import, directly or not, themselves included (absolute paths)."""
    open_, closed = {Path(file).resolve() for file in files}, set()
    while open_:
        path = open_.pop()
        closed.add(path)
        open_ |= set(_imports(path)) - closed
    return closed


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (found for name in names for found in _files_of(name))


def _files_of(module: str) -> Iterator[Path]:
    """The module's file and the `__init__` of each package above it, where they are this project's."""
    parts = module.split(".")
    if parts[0] != "stages":
        return
    for depth in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:depth])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                yield path
