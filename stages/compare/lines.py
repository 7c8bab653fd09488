"""Lines of text of the comparison's rows, and its tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from stages.compare.comparison import Row, Scores, only
from stages.core.labels import TASKS

TITLE = "validation, ABAW2 measures (score, ± half of its 95 % interval, change)"
UNSURE = "≈: within two standard errors over videos"
HEADER = ("step", *(name for task in TASKS for name in (task, "±", "Δ")))


def lines(row: Row) -> list[list[str]]:
    """A row's lines, in the order of `HEADER`: the step, its tasks that are ours, then the paper's figures.

    Where the paper measures otherwise, ours by its measure stand above them.
    """
    theirs, added = only(row.score, row.tasks), [task for task in row.score if task not in row.tasks]
    found = [_line(row.name, row, row.tasks)] if theirs or not added else []
    if added:
        name = f"{'with' if theirs else row.name} {', '.join(added)} (ours)"
        found.append(_line(name, row, added))
    if row.papers:
        parts = [(_cell(row.papers, task), "", "") for task in TASKS]
        found.append(_texts(f"by {row.measure}", parts))
    if row.published:
        found.append(_texts("published", [(printed(row.published, task), "", "") for task in TASKS]))
    return found


def printed(scores: Scores, task: str) -> str:
    """A paper's figure with the digits that it has; blank where there is none."""
    return f"{scores[task]:.4g}" if task in scores else ""


def _line(name: str, row: Row, tasks: Sequence[str]) -> list[str]:
    parts = [(_cell(row.score, task), _half(row, task), _change(row, task)) for task in TASKS]
    return _texts(
        name, [part if task in tasks else ("",) * 3 for task, part in zip(TASKS, parts, strict=True)]
    )


def _texts(name: str, parts: Sequence[Sequence[str]]) -> list[str]:
    return [name, *(text for part in parts for text in part)]


def _half(row: Row, task: str) -> str:
    """Half the length of the interval."""
    return f"{(row.high[task] - row.low[task]) / 2:.3f}" if task in row.low else ""


def _change(row: Row, task: str) -> str:
    """The change, behind "≈" where it lies within two standard errors: chance would do as well."""
    change, error = row.change.get(task), row.error.get(task)
    unsure = change is not None and error is not None and abs(change) < 2 * error
    return ("≈" if unsure else "") + _cell(row.change, task, "+")


def _cell(scores: Scores, task: str, sign: str = "") -> str:
    return f"{scores[task]:{sign}.3f}" if task in scores else ""


def table(found: Sequence[Row]) -> Group:
    """Terminal tables, one a system, of 80 columns; changes for the worse in red."""
    systems = groupby(found, lambda row: row.system)
    tables = (part for system, own in systems for part in (_system_table(system, list(own)), ""))
    return Group(*tables, UNSURE)


def _system_table(system: str, own: Sequence[Row]) -> Table:
    drawn = Table(
        title=f"{system}: {TITLE}", title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False
    )
    for name in HEADER:
        drawn.add_column(name, justify="left" if name == HEADER[0] else "right", no_wrap=True)
    for line in (line for row in own for line in lines(row)):
        drawn.add_row(*(f"[red]{text}[/red]" if _worse(text) else text for text in line))
    return drawn


def _worse(text: str) -> bool:
    return text.startswith("-") and text != "-0.000"
