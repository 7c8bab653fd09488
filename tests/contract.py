"""What dvc.yaml, params.yaml and the imports of stages/ promise, as checks that return what is broken."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

CORE = {"errors", "params", "runtime"}  # the only modules of stages/ that rooms may import from above
ROOMS = {"corpora", "learning", "media", "reporting", "networks"}
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
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "stages" else {module}
    return found


def has_code(source: str) -> bool:
    """Whether a file holds more than a docstring."""
    body = ast.parse(source).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def upward(path: str, source: str) -> list[str]:
    """Imports of a file in stages/ that do not run downward, as "path imports module"."""
    room = Path(path).parts[1] if len(Path(path).parts) > 2 else ""
    return [f"{path} imports {module}" for module in sorted(imports(source)) if not _allowed(room, module)]


def _allowed(room: str, module: str) -> bool:
    if module.startswith("."):
        return False
    top, *rest = module.split(".")
    below = rest[0] if top == "stages" and rest else ""
    if room == "networks":
        own = below in {"networks", *CORE}
        return own or top in NETWORK_KIN or top in sys.stdlib_module_names
    return not room or top != "stages" or below in ROOMS | CORE  # no room imports a front door


def uncommented(text: str) -> list[str]:
    """Keys of a params.yaml outside `scales` without a comment above them or above the one sibling before.

    In a section with several blocks alike, a key is explained where it first stands.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found = []
    known: set[str] = set()
    for number, line in enumerate(lines):
        key = KEY.match(line)
        if not key:
            continue
        if key[2] == "scales":
            break
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


def unknown_caps(params: Mapping[str, Any], text: str = "") -> list[str]:
    """Caps under `scales` whose key their block does not have, as "scale.block.key".

    A key that only the scales have may be explained by a comment that begins with its name.
    """
    return [
        f"{scale}.{path}"
        for scale, caps in params["scales"].items()
        for path in _leaves(caps or {})
        if not _has(params, path.split(".")) and f"# {path.split('.')[-1]}:" not in text
    ]


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def missing_params(declared: Iterable[str], params: Mapping[str, Any]) -> list[str]:
    """Declared parameters (dotted) that params.yaml does not have."""
    return sorted(path for path in declared if not _has(params, path.split(".")))


def _has(values: Any, keys: list[str]) -> bool:
    if not keys:
        return True
    return isinstance(values, Mapping) and keys[0] in values and _has(values[keys[0]], keys[1:])
