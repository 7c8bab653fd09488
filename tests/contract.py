"""What dvc.yaml, params.yaml and the imports of stages/ promise, as checks that return what is broken."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

# The rooms of stages/, in order: a room imports itself and those before it. Behind the rooms that several
# stages share come the stages; a stage may import of another's folder where it reads from it in dvc.yaml.
ROOMS = ("core", "networks", "media", "scoring", "training")
STAGES = (
    "params", "synthesize", "index", "frames", "mel", "extra", "landmarks", "masks", "pretrain", "specialise",
    "finetune", "clips", "embed", "audio", "sequence", "ensemble", "smooth", "evaluate", "combine", "compare",
    "plan", "predict", "export",
)  # fmt: skip
ORDER = (*ROOMS, *STAGES)
NETWORK_KIN = {"numpy", "safetensors", "timm", "torch", "torchvision"}
KEY = re.compile(r"^( *)([\w-]+):")


def uncovered(closure: Iterable[str], deps: Iterable[str]) -> list[str]:
    """Files that a stage imports (paths from the root) and neither lists nor has in a listed folder."""
    listed = {Path(dep) for dep in deps}
    return sorted(file for file in closure if not listed & {Path(file), *Path(file).parents})


def superfluous(closure: Iterable[str], deps: Iterable[str]) -> list[str]:
    """Code that a stage lists but does not import: it would run again for nothing."""
    files = [Path(file) for file in closure]
    code = [dep for dep in deps if Path(dep).parts[0] == "stages"]
    return sorted(dep for dep in code if not any(Path(dep) in {file, *file.parents} for file in files))


def imports(source: str) -> set[str]:
    """Modules that a file names in its imports, wherever they stand; a relative one as it is written."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def has_code(source: str) -> bool:
    """Whether a file holds more than a docstring."""
    body = ast.parse(source).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def upward(path: str, source: str, before: Mapping[str, Collection[str]]) -> list[str]:
    """Imports of a file in stages/ that do not run downward, as "path imports module".

    `before[stage]`: the stages that it reads from, directly or through others.
    """
    return [
        f"{path} imports {module}" for module in sorted(imports(source)) if not _allowed(path, module, before)
    ]


def _allowed(path: str, module: str, before: Mapping[str, Collection[str]]) -> bool:
    room = Path(path).parts[1]
    top, *rest = module.split(".")
    if not top or "__main__" in rest:
        return False
    if top != "stages":
        return room != "networks" or top in NETWORK_KIN or top in sys.stdlib_module_names
    if not rest:
        return True
    if rest[0] == room:
        return _inside(path, rest)
    if rest[0] in ROOMS:
        return ORDER.index(rest[0]) < ORDER.index(room)
    return room in STAGES and (room in ("plan", "predict", "export") or rest[0] in before.get(room, ()))


def _inside(path: str, rest: list[str]) -> bool:
    """Within `training`, the samples come before what trains on them."""
    return (
        not path.startswith("stages/training/samples/")
        or rest[:2] == ["training", "samples"]
        or len(rest) < 2
    )


def uncommented(text: str) -> list[str]:
    """Keys of a params.yaml without a comment above them or above the one sibling before.

    In a section with several blocks alike, a key is explained where it first stands.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found = []
    known: set[str] = set()
    for number, line in enumerate(lines):
        key = KEY.match(line)
        if not key or line.lstrip().startswith("{") or line.count("}") > line.count("{"):
            continue  # of a mapping in braces that goes over several lines
        known = known if key[1] else set()
        above = lines[max(0, number - 2) : number]
        if _comments(above[-1:]) or (_comments(above[:1]) and _sibling(above[-1], key[1])):
            known.add(key[0])
        elif key[0] not in known:
            found.append(line.strip())
    return found


def _comments(lines: list[str]) -> bool:
    return bool(lines) and lines[0].lstrip().startswith("#")


def _sibling(line: str, indent: str) -> bool:
    key = KEY.match(line)
    return bool(key) and key is not None and key[1] == indent


def sections(text: str) -> Iterator[str]:
    """Sections of README that a text cites, `(README, "Your own corpus")`."""
    yield from re.findall(
        r'README, "([^"]+)"', " ".join(line.strip().lstrip("# ") for line in text.splitlines())
    )
