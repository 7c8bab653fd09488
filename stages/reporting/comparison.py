"""The comparison of steps and systems: rows, a terminal table, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.table import Table

from stages.corpora.labels import TASKS

NAMES = {"audio": "+ audio", "sequence": "+ sequence", "ensemble": "+ ensemble", "smooth": "+ smoothing"}
PUBLISHED = "published"
NOTE = "published: on Aff-Wild2's validation set, not comparable on the drawn corpus"
HEADER = ("system", "step", *(f"{task}{part}" for task in TASKS for part in ("", " Δ", " all")))


class Row(NamedTuple):
    """Scores by task on the scoring half, their change from the row above, and on all validation videos."""

    system: str
    step: str
    checkpoint: str
    scoring: Mapping[str, float | None]
    change: Mapping[str, float | None]
    all: Mapping[str, float | None]


def rows(scores: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Rows of all systems: the majority class, the steps of the chain in order, the published figures.

    `scores`: system → {"steps": [{step, checkpoint, scoring, all}], "published": {AU, EXPR, VA, source}}.
    """
    return [row for system, own in scores.items() for row in _system_rows(system, own)]


def _system_rows(system: str, own: dict[str, Any]) -> list[Row]:
    found: list[Row] = []
    for step in own["steps"]:
        before = found[-1].scoring if found else {}
        change = {task: _difference(step["scoring"][task], before.get(task)) for task in TASKS}
        found.append(Row(system, step["step"], step["checkpoint"], step["scoring"], change, step["all"]))
    published = {task: own["published"][task] for task in TASKS}
    return [*found, Row(system, PUBLISHED, own["published"]["source"], {}, {}, published)]


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def cells(row: Row) -> list[str]:
    """Text of a row, in the order of `HEADER`."""
    figures = [_cell(part.get(task), sign) for task in TASKS for part, sign in _parts(row)]
    return [row.system, NAMES.get(row.step, row.step), *figures]


def _parts(row: Row) -> Sequence[tuple[Mapping[str, float | None], str]]:
    return (row.scoring, ""), (row.change, "+"), (row.all, "")


def _cell(value: float | None, sign: str) -> str:
    return "" if value is None else f"{value:{sign}.3f}"


def table(found: Sequence[Row]) -> Table:
    """Terminal table; changes for the worse in red."""
    drawn = Table(title="Validation scores (ABAW2 measures)", caption=NOTE)
    for name in HEADER:
        drawn.add_column(name, justify="left" if name in HEADER[:2] else "right")
    for row in found:
        drawn.add_row(*(f"[red]{text}[/red]" if text.startswith("-0.") else text for text in cells(row)))
        if row.step == PUBLISHED:
            drawn.add_section()
    return drawn


def markdown(found: Sequence[Row]) -> str:
    """The same table for a page, with what its columns mean."""
    lines = [HEADER, ["---"] * len(HEADER), *(cells(row) for row in found)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{LEGEND}\n\n{body}\n\n{NOTE}:\n\n{_sources(found)}\n"


LEGEND = (
    "Validation scores by the ABAW2 measures (AU = 0.5·F1 + 0.5·accuracy, EXPR = 0.67·F1 + 0.33·accuracy, "
    "VA = mean CCC).\nEach task: score on the half of the videos that nothing was chosen on, its change from "
    "the row above, and the score on all\nvalidation videos, which flatters: checkpoints and widths were "
    "chosen on the other half of them."
)


def _sources(found: Sequence[Row]) -> str:
    return "\n".join(f"- {row.system}: {row.checkpoint}" for row in found if row.step == PUBLISHED)


def nested(found: Sequence[Row]) -> dict[str, Any]:
    """system → step → {checkpoint, scoring, change, all}, for `dvc metrics show` and `diff`."""
    result: dict[str, Any] = {}
    for row in found:
        figures = {"scoring": row.scoring, "change": row.change, "all": row.all}
        kept = {name: dict(part) for name, part in figures.items() if part}
        result.setdefault(row.system, {})[row.step.replace(" ", "_")] = {"from": row.checkpoint, **kept}
    return result
