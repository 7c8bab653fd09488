"""Differences between two runs: bytes of every out, figures within tolerances.

python -m repro.compare A B     which scores of two folders, Git revisions or experiments differ beyond chance
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from repro.chance import differences, lines, scores_of
from stages.core.runtime import main

LOCK = "dvc.lock"
# How far a re-run of the demo may be off, by "file:key"; the first pattern that fits counts. On the machine
# and versions that made the committed figures a re-run is exact; another processor rounds differently, and
# training carries that on. Counts of labels do not depend on it.
TOLERANCES = {
    "*.checkpoint": math.inf,  # which epoch wins, often by a hair
    "metrics/index.json:*": 0.0,
    "*:frames.*": 3.0,  # frames on which the detector just finds, or just misses, a face
    "*:*.change.*": 0.10,  # of a step: two scores apart
    "*:*per_*": 0.15,  # F1 of one AU or expression: some rest on tens of frames
    "*": 0.05,
}


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of dvc.lock and of every file under the outs that it lists, by path from `root`."""
    stages = (YAML(typ="safe").load(root / LOCK) or {}).get("stages", {})
    outs = [root / out["path"] for stage in stages.values() for out in stage.get("outs", [])]
    files = [root / LOCK, *(file for out in outs for file in _files(out))]
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _files(out: Path) -> Iterator[Path]:
    yield from sorted(path for path in out.rglob("*") if path.is_file()) if out.is_dir() else [out]


def byte_differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """One line for each file that is in one run only, or differs."""
    lines = []
    for path in sorted({*first, *second}):
        if path not in first or path not in second:
            lines.append(f"{path}: only in the {'second' if path in second else 'first'} run")
        elif first[path] != second[path]:
            lines.append(f"{path}: differs between the two runs")
    return lines


def figures(root: Path) -> dict[str, Any]:
    """Every value of metrics/**/*.json, by "path:dotted.key"."""
    return {
        f"{path.relative_to(root)}:{key}": value
        for path in sorted(root.glob("metrics/**/*.json"))
        for key, value in _flat(json.loads(path.read_text()))
    }


def _flat(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def figure_differences(committed: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """One line for each figure that is in one run only, or is further off than its tolerance."""
    lines = []
    for key in sorted({*committed, *again}):
        if key not in committed or key not in again:
            lines.append(f"{key}: only in the {'re-run' if key in again else 'committed figures'}")
        elif not _close(committed[key], again[key], tolerance(key)):
            lines.append(f"{key}: {committed[key]} committed, {again[key]} again, tolerance {tolerance(key)}")
    return lines


def tolerance(key: str) -> float:
    """How far the figure "path:dotted.key" may be off."""
    return next(limit for pattern, limit in TOLERANCES.items() if fnmatch(key, pattern))


def _close(first: Any, second: Any, limit: float) -> bool:
    if isinstance(first, int | float) and isinstance(second, int | float):
        return math.isclose(first, second, rel_tol=0.0, abs_tol=limit + 1e-9)
    return limit == math.inf or bool(first == second)


def run() -> None:
    """Read the command line, print a line a score."""
    parser = argparse.ArgumentParser(
        prog="python -m repro.compare", description="scores that differ beyond chance"
    )
    parser.add_argument("first", help="folder, Git revision or experiment")
    parser.add_argument("second", nargs="?", default=".", help="the same (default: the working folder)")
    told = parser.parse_args()
    print("\n".join(lines(differences(scores_of(told.first), scores_of(told.second)))))


if __name__ == "__main__":
    main(run)
