"""Run all benchmarks, or those named on the command line, and print one table."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.measure import Row
from stages.core.errors import UserError
from stages.core.runtime import log, main


def names() -> list[str]:
    """Modules of this package that measure something."""
    found = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return [name for name in found if name not in ("__main__", "measure", "stub")]


def table(rows: list[Row]) -> Table:
    """The rows, with a mark at the goals."""
    shown = Table(title="medians of runs that take turns; more is better, but where the goal is ≤")
    for column in ("what", "unit", "here", "by hand", "", "ratio", "goal"):
        shown.add_column(column, justify="right" if column in ("here", "", "ratio") else "left")
    marks = {True: " ✓", False: " ✗", None: ""}
    for row in rows:
        figures = f"{row.ours:,.1f}", row.peer, f"{row.theirs:,.1f}", f"{row.ratio:.2f}"
        shown.add_row(row.what, row.unit, *figures, row.goal + marks[row.reached])
    return shown


def run() -> None:
    rows = []
    for name in sys.argv[1:] or names():
        if name not in names():
            raise UserError(f"benchmark {name}: there is no such one; choose from {', '.join(names())}")
        with log.status(name):
            rows += importlib.import_module(f"benchmarks.{name}").rows()
    Console().print(table(rows))


if __name__ == "__main__":
    main(run)
