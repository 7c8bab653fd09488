"""What params.yaml may hold at all, whichever stage reads it: plain values under names, as many as a person writes.

YAML allows more: tables that hold themselves, keys that are lists, an alias of an alias that stands for a billion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.core.errors import UserError, shown

SCALES = ("smoke", "demo", "paper")
MOST, DEEPEST = 20_000, 12  # values in all, tables within tables
LARGEST = 2**31 - 1  # of a whole number
LONGEST = 1000  # characters of a text
LONGEST_NAME = 255  # bytes of a part of a path


def is_path(value: Any) -> bool:
    """Whether a value can be a file's place."""
    if not isinstance(value, str) or value != value.encode(errors="ignore").decode():
        return False
    return all(len(part.encode()) <= LONGEST_NAME for part in value.split("/"))


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


# Keys that are read before a stage's own types are known: what a value must be, in code and in words.
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        ["corpus", "weights", "stills", "backbone", "reads", "embeddings", "detector_pack"],
        (lambda value: value is None or is_path(value), "name a file or folder"),
    ),
    "extra": (lambda value: value is None or isinstance(value, bool) or is_path(value), "name a folder"),
    "systems": (_names, "list names of systems"),
    "runs": (lambda value: isinstance(value, Mapping), "list runs by stage"),
    "seed": (lambda value: isinstance(value, int) and value >= 0, "set a whole number from 0"),
    "threads": (
        lambda value: isinstance(value, int) and 0 < value <= 1024,
        "set a whole number from 1 to 1024",
    ),
}


def require_plain(values: Any, file: Path) -> None:
    """Errors: UserError naming the file and the key of the first value that cannot be one."""
    if not isinstance(values, Mapping):
        raise UserError(f"{file}: holds no keys; write a line `key: value` for each")
    for count, (path, rule, value) in enumerate(_walk(values, (), "")):
        if fault := "there are too many values" if count > MOST else _fault(path, rule, value):
            raise UserError(f"{file}, key {'.'.join(path)}: {fault}")
    for verb, runs in values.get("runs", {}).items():
        for run, keys in runs.items() if isinstance(runs, Mapping) else [("", None)]:
            if not isinstance(keys, Mapping) or not isinstance(keys.get("system"), str):
                raise UserError(f"{file}, key runs.{verb}.{run}: names no system; write system: and its name")


def _walk(value: Any, path: tuple[str, ...], rule: str) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Place, the key whose rule holds, and value: of tables that differ between scales each value."""
    if path:
        yield path, rule, value
    if len(path) > DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = key if isinstance(key, str) else repr(key)
            yield from _walk(inner, (*path, name), rule if key in SCALES else name)
            if not isinstance(key, str):
                raise UserError(f"params.yaml, key {'.'.join((*path, name))}: is no word; put it in quotes")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, (*path, str(number)), "")


def _fault(path: tuple[str, ...], rule: str, value: Any) -> str:
    """What is wrong with a value, "" if nothing."""
    if len(path) > DEEPEST:
        return "stands in too many tables"
    by_scale = isinstance(value, Mapping) and any(key in SCALES for key in value)
    if rule in RULES and not by_scale and not RULES[rule][0](value):
        return f"is {_told(value)}; {RULES[rule][1]}"
    if isinstance(value, str) and (len(value) > LONGEST or "\0" in value):
        return "is no text that is used here; shorten it"
    if isinstance(value, bool | str | None | Mapping | list):
        return ""
    if isinstance(value, int | float) and abs(value) <= LARGEST:
        return ""
    return f"is {_told(value)}, which is no value that is used here; change it"


def _told(value: Any) -> str:
    """A value in few words."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number of more than nine digits"
    return shown(repr(value), 100)
