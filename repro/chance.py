"""Which differences between two runs' scores are beyond chance.

Each score has a 95 % interval over videos. Two runs are scored on the same videos, which makes the difference of two
scores surer than the scores are: taken as independent, as here, it counts as chance a little too often.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from math import hypot
from pathlib import Path
from typing import Any, NamedTuple

from stages.core.errors import UserError

SCORES = Path("metrics/compare.json")
Comparison = Mapping[str, Mapping[str, Any]]  # system → step → score, low, high → task


class Difference(NamedTuple):
    """A score of both runs, and how far they may be apart by chance (None where an interval is missing)."""

    system: str
    step: str
    task: str
    first: float
    second: float
    chance: float | None

    @property
    def stands_out(self) -> bool:
        """Whether it is beyond chance."""
        return self.chance is not None and abs(self.second - self.first) > self.chance


def differences(first: Comparison, second: Comparison) -> Iterator[Difference]:
    """Scores that both runs have."""
    for system, steps in first.items():
        for step, own in steps.items():
            other = second.get(system, {}).get(step, {})
            if not (isinstance(own, Mapping) and isinstance(other, Mapping)):
                continue
            for task, score in own.get("score", {}).items():
                if task in other.get("score", {}):
                    yield Difference(
                        system, step, task, score, other["score"][task], _chance(own, other, task)
                    )


def _chance(own: Mapping[str, Any], other: Mapping[str, Any], task: str) -> float | None:
    """Half the 95 % interval of a difference of two independent scores."""
    if any(task not in each.get(end, {}) for each in (own, other) for end in ("low", "high")):
        return None
    halves = ((each["high"][task] - each["low"][task]) / 2 for each in (own, other))
    return hypot(*halves)


def lines(found: Iterator[Difference]) -> Iterator[str]:
    """A line a score, and how many stand out."""
    rows = list(found)
    yield f"{'system':10} {'step':12} {'task':5} {'first':>7} {'second':>7} {'change':>7} {'chance':>7}"
    for row in rows:
        chance = "" if row.chance is None else f"{row.chance:.3f}"
        mark = " beyond chance" if row.stands_out else ""
        change = row.second - row.first
        yield (
            f"{row.system:10} {row.step:12} {row.task:5} {row.first:7.3f} {row.second:7.3f} {change:+7.3f} {chance:>7}"
            f"{mark}"
        )
    yield f"{sum(row.stands_out for row in rows)} of {len(rows)} differences are beyond chance"


def scores_of(run: str) -> Comparison:
    """metrics/compare.json of a folder, a Git revision, or an experiment of `dvc exp run`.

    Errors: UserError where there is no such run, or no scores in it.
    """
    if Path(run).is_dir():
        path = Path(run) / SCORES
        if not path.is_file():
            raise UserError(f"{path}: missing; run dvc repro in {run}")
        return _parsed(path.read_text(), str(path))
    text = next(filter(None, map(_shown, (run, *_experiments(run)))), None)
    if text is None:
        raise UserError(
            f"{run}: no folder, revision or experiment with {SCORES}; `git log`, `dvc exp list` name them"
        )
    return _parsed(text, f"{run}:{SCORES}")


def _parsed(text: str, name: str) -> Comparison:
    try:
        found: Comparison = json.loads(text)
    except ValueError:
        raise UserError(f"{name}: is no JSON; run dvc repro compare") from None
    return found


def _shown(revision: str) -> str | None:
    done = subprocess.run(
        ["git", "show", f"{revision}:{SCORES}"], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


def _experiments(name: str) -> list[str]:
    """References of experiments of that name."""
    command = ["git", "for-each-ref", "--format=%(refname)", "refs/exps"]
    refs = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return [ref for ref in refs if ref.endswith(f"/{name}")]
