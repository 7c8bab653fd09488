"""The comparison of steps and systems: rows, a terminal table, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from stages.corpora.labels import TASKS

NAMES = {"audio": "+ audio", "sequence": "+ sequence", "ensemble": "+ ensemble", "smooth": "+ smoothing"}
PUBLISHED = "published"
TITLE = "validation, ABAW2 measures (scoring half, change, all videos)"
UNSURE = "≈: within two standard errors over videos"
NOTE = "published: on Aff-Wild2's validation set, not comparable on the drawn corpus"
LEGEND = """# Validation scores

ABAW2 measures: AU = 0.5·F1 + 0.5·accuracy, EXPR = 0.67·F1 + 0.33·accuracy, VA = mean CCC. For each task: the
score on the half of the validation videos that nothing was chosen on; its change from the row above (≈:
within two standard errors over videos, chance would do as well); and the score on all of them, which
flatters: checkpoints and widths were chosen on the other half."""
HEADER = ("step", *(name for task in TASKS for name in (task, "Δ", "all")))


class Row(NamedTuple):
    """Scores by task: on the scoring half, their change from the row above and its error, on all videos."""

    system: str
    step: str
    checkpoint: str
    scoring: Mapping[str, float | None]
    change: Mapping[str, float | None]
    error: Mapping[str, float | None]
    all: Mapping[str, float | None]


def rows(scores: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Rows of all systems: the majority class, the steps of the chain in order, the published figures.

    `scores`: system → {"steps": [{step, checkpoint, scoring, all}], "published": {AU, EXPR, VA, source}}.
    """
    return [row for system, own in scores.items() for row in _system_rows(system, own)]


def _system_rows(system: str, own: dict[str, Any]) -> list[Row]:
    found: list[Row] = []
    for step in own["steps"]:
        before = found[-1].scoring if found else None
        change = {task: _difference(step["scoring"][task], before[task]) for task in TASKS} if before else {}
        scores = step["scoring"], change, step["error"], step["all"]
        found.append(Row(system, step["step"], step["checkpoint"], *scores))
    published = {task: own["published"][task] for task in TASKS}
    return [*found, Row(system, PUBLISHED, own["published"]["source"], {}, {}, {}, published)]


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def cells(row: Row) -> list[str]:
    """Text of a row, in the order of `HEADER`."""
    figures = [(_cell(row.scoring.get(task)), _change(row, task), _cell(row.all.get(task))) for task in TASKS]
    return [NAMES.get(row.step, row.step), *(text for texts in figures for text in texts)]


def _change(row: Row, task: str) -> str:
    """The change, behind "≈" where it lies within two standard errors: chance would do as well."""
    change, error = row.change.get(task), row.error.get(task)
    unsure = change is not None and error is not None and abs(change) < 2 * error
    return ("≈" if unsure else "") + _cell(change, "+")


def _cell(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.3f}"


def table(found: Sequence[Row]) -> Group:
    """Terminal tables, one a system, of 80 columns; changes for the worse in red."""
    systems = groupby(found, lambda row: row.system)
    return Group(*(_system_table(system, list(own)) for system, own in systems), UNSURE, NOTE)


def _system_table(system: str, own: Sequence[Row]) -> Table:
    drawn = Table(title=f"{system}: {TITLE}", title_justify="left", box=SIMPLE_HEAD, padding=0)
    for name in HEADER:
        drawn.add_column(name, justify="left" if name == HEADER[0] else "right", no_wrap=True)
    for row in own:
        drawn.add_row(*(f"[red]{text}[/red]" if _worse(text) else text for text in cells(row)))
    return drawn


def _worse(text: str) -> bool:
    return text.startswith("-") and text != "-0.000"


def markdown(found: Sequence[Row]) -> str:
    """The same tables for a page, with what their columns mean."""
    parts = [LEGEND]
    for system, own in groupby(found, lambda row: row.system):
        lines = [HEADER, ["---", *["--:"] * (len(HEADER) - 1)], *(cells(row) for row in own)]
        parts += [f"## {system}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    return "\n\n".join([*parts, f"{NOTE}:", _sources(found)]) + "\n"


def _sources(found: Sequence[Row]) -> str:
    return "\n".join(f"- {row.system}: {row.checkpoint}" for row in found if row.step == PUBLISHED)


def plotted(found: Sequence[Row]) -> pd.DataFrame:
    """One row a step for bars: name and the scoring half's AU, EXPR and VA."""
    steps = [row for row in found if row.step != PUBLISHED]
    names = [f"{row.system} {NAMES.get(row.step, row.step)}" for row in steps]
    return pd.DataFrame([{"name": name, **row.scoring} for name, row in zip(names, steps, strict=True)])


def nested(found: Sequence[Row]) -> dict[str, Any]:
    """system → step → {scoring, change, spread, all} → task → score, for `dvc metrics show` and `diff`.

    `spread` is the standard error of the change; DVC takes a key named "error" for a file it could not read.
    """
    result: dict[str, Any] = {}
    for row in found:
        figures = {"scoring": row.scoring, "change": row.change, "spread": row.error, "all": row.all}
        kept = {name: _known(part) for name, part in figures.items() if part}
        result.setdefault(row.system, {})[row.step] = kept
    return result


def _known(scores: Mapping[str, float | None]) -> dict[str, float]:
    """DVC's metrics are numbers: what a system does not measure has no key."""
    return {task: score for task, score in scores.items() if score is not None}
