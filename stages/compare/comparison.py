"""The comparison of steps and systems: rows, a terminal table, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from stages.core.labels import TASKS

NAMES = {
    "audio": "+ audio",
    "sequence": "+ sequence",
    "single": "best single",
    "ensemble": "+ ensemble",
    "smooth": "+ smoothing",
    "margin": "margin",
}
COMBINED, MARGIN, PUBLISHED = "combined", "margin", "published"
TITLE = "validation, ABAW2 measures (scoring half, change, all videos)"
UNSURE = "≈: within two standard errors over videos"
HEADER = ("step", *(name for task in TASKS for name in (task, "Δ", "all")))


class Row(NamedTuple):
    """Scores by task: on the scoring half, their change from the row above and its error, on all videos.

    `checkpoint`: what stands behind them, checkpoints or systems; of published figures their source.
    """

    system: str
    step: str
    checkpoint: str
    scoring: Mapping[str, float]
    change: Mapping[str, float]
    error: Mapping[str, float]
    all: Mapping[str, float]


def rows(scores: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Rows of all systems: the steps of the chain in order, then the published figures or the margin.

    `scores`: system → {"steps": [{step, checkpoint, scoring, change, error, all}], "published": {AU, EXPR,
    VA, source}}; "combined" has "margin": {change, error} in place of published figures.
    """
    return [row for system, own in scores.items() for row in _system_rows(system, own)]


def _system_rows(system: str, own: dict[str, Any]) -> list[Row]:
    found = [_row(system, step["step"], step["checkpoint"], step) for step in own["steps"]]
    if "margin" in own:
        found.append(_row(system, MARGIN, own["steps"][0]["checkpoint"], own["margin"]))
    if "published" in own:
        figures = {task: own["published"][task] for task in TASKS if own["published"][task] is not None}
        found.append(_row(system, PUBLISHED, own["published"]["source"], {"all": figures}))
    return found


def _row(system: str, step: str, checkpoint: str, figures: Mapping[str, Any]) -> Row:
    parts = (figures.get(name, {}) for name in ("scoring", "change", "error", "all"))
    return Row(system, step, checkpoint, *parts)


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
    return Group(*(_system_table(system, list(own)) for system, own in systems), UNSURE)


def _system_table(system: str, own: Sequence[Row]) -> Table:
    drawn = Table(title=f"{system}: {TITLE}", title_justify="left", box=SIMPLE_HEAD, padding=0)
    for name in HEADER:
        drawn.add_column(name, justify="left" if name == HEADER[0] else "right", no_wrap=True)
    for row in own:
        drawn.add_row(*(f"[red]{text}[/red]" if _worse(text) else text for text in cells(row)))
    return drawn


def _worse(text: str) -> bool:
    return text.startswith("-") and text != "-0.000"


def plotted(found: Sequence[Row]) -> pd.DataFrame:
    """One row a step for bars: name and the scoring half's AU, EXPR and VA."""
    steps = [row for row in found if row.scoring]
    names = [f"{row.system} {NAMES.get(row.step, row.step)}" for row in steps]
    bars = [{"name": name, **row.scoring} for name, row in zip(names, steps, strict=True)]
    return pd.DataFrame(bars, columns=["name", *TASKS])


def nested(found: Sequence[Row]) -> dict[str, Any]:
    """system → step → {checkpoint, scoring, change, spread, all} → task → score, for `dvc metrics`.

    `checkpoint` names what stands behind the figures. `spread` is the standard error of the change; DVC takes
    a key named "error" for a file it could not read. The combined system's margin over the best single one
    stands as `margin` and `spread` → task.
    """
    result: dict[str, Any] = {}
    for row in found:
        own = result.setdefault(row.system, {})
        if row.step == MARGIN:
            own |= {MARGIN: dict(row.change), "spread": dict(row.error)}
            continue
        figures = {"scoring": row.scoring, "change": row.change, "spread": row.error, "all": row.all}
        behind = {"checkpoint": row.checkpoint} if row.checkpoint and row.step != PUBLISHED else {}
        own[row.step] = behind | {name: dict(part) for name, part in figures.items() if part}
    return result
