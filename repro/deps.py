"""Write into dvc.yaml which code each stage depends on: its front door and all that it imports.

DVC runs a stage again when a file that it lists has changed; what a stage imports but does not list would go
unnoticed. Run: python -m repro.deps, or `make deps`, after imports have changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from stages.core.digests import import_closure

PIPELINE = Path("dvc.yaml")
DOOR = re.compile(r"-m stages\.(\w+)")
DEPS = re.compile(r"^ +deps:$")
CODE = re.compile(r"^ +- stages/")
ENTRY = re.compile(r"^ +- ")


def rewrite(text: str, root: Path) -> str:
    """The pipeline's text with the code among its deps brought up to date; all else stays."""
    return "\n".join(_lines(text.splitlines(), root)) + "\n"


def _lines(lines: list[str], root: Path) -> Iterator[str]:
    door, inside, indent = "", False, ""
    for line in lines:
        found = DOOR.search(line)
        door = found[1] if found else door
        if inside and not ENTRY.match(line):
            yield from (f"{indent}  - {path}" for path in code_of(root, door))
            inside = False
        if DEPS.match(line):
            inside, indent = True, line[: len(line) - len(line.lstrip())]
        if not (inside and CODE.match(line)):
            yield line


def code_of(root: Path, door: str) -> list[str]:
    """What the front door needs: itself, the core, then by room; a folder where it needs all of it."""
    first = f"stages/{door}/__main__.py"
    files = {file.relative_to(root).as_posix() for file in import_closure(root / first) if _has_code(file)}
    rest = _folded(root, files - {first})
    return [first, *sorted(rest, key=lambda path: (path.count("/") > 1, path))]


def _folded(root: Path, files: Iterable[str]) -> set[str]:
    """Sub-folders of rooms in place of their files, where all of them are there."""
    found = set(files)
    for folder in sorted({str(Path(file).parent) for file in found if file.count("/") > 2}):
        top = "/".join(folder.split("/")[:3])
        inside = {path.relative_to(root).as_posix() for path in (root / top).rglob("*.py") if _has_code(path)}
        if inside <= found:
            found = (found - inside) | {top}
    return found


def _has_code(file: Path) -> bool:
    """Whether there is more in it than a docstring: an `__init__` that only names its room is none."""
    return file.name != "__init__.py" or len(file.read_text().strip().splitlines()) > 1


def main() -> None:
    """Rewrite dvc.yaml in the working folder."""
    PIPELINE.write_text(rewrite(PIPELINE.read_text(), Path.cwd()))


if __name__ == "__main__":
    main()
