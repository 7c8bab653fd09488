"""metrics/compare.md: the comparison as a page, a summary on top and a table for each system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from stages.compare.comparison import COMBINED, HEADER, MARGIN, PUBLISHED, Row, cells
from stages.core.labels import TASKS

LEGEND = """# Validation scores

ABAW2 measures: AU = 0.5·F1 + 0.5·accuracy, EXPR = 0.67·F1 + 0.33·accuracy, VA = mean CCC. Scores are those of
the final predictions on the half of the validation videos that nothing was chosen on; blank: not predicted.
The papers' figures stand beside them for orientation only (see the notes at the end)."""
STEPS = """# Steps

For each task: the score on the scoring half; its change from the row above that has the task (≈: within two
standard errors over videos, chance would do as well); and the score on all validation videos, which flatters:
checkpoints, weights and widths were chosen on the other half. Last stand the checkpoints, or the systems,
that predict. Networks that do not build on the one before (members, folds, variants) stand below each other
all the same."""
COMBINING = """The systems together: for each AU, expression and VA dimension a weighted sum of their final
predictions, then smoothing. Best single: for each task the system that is best on the scoring half
itself ({best}), the hardest to beat there. Margin: what the combined system gains over it."""
NOTES = """# Published figures

On Aff-Wild2's validation set, not comparable on the drawn corpus, nor with each other where the
measure or the split differs:"""
BEHIND = "of"
SUMMARY = ("system", *TASKS, *(f"{task}, paper" for task in TASKS))


def page(found: Sequence[Row]) -> str:
    """The page, from the rows of all systems."""
    parts = [LEGEND, _grid(SUMMARY, _summary(found)), STEPS]
    for system, own in groupby(found, lambda row: row.system):
        parts += _section(system, list(own))
    return "\n\n".join([*parts, NOTES, _sources(found)]) + "\n"


def _summary(found: Sequence[Row]) -> Iterable[list[str]]:
    """One line a system: its final predictions' scores, then the paper's."""
    for system, own in groupby(found, lambda row: row.system):
        rows = {row.step: row for row in own}
        final = [row for row in rows.values() if row.scoring][-1].scoring
        paper = rows[PUBLISHED].all if PUBLISHED in rows else {}
        yield [system, *(_figure(figures.get(task)) for figures in (final, paper) for task in TASKS)]


def _section(system: str, own: Sequence[Row]) -> list[str]:
    best = next((row.checkpoint for row in own if row.step == MARGIN), "")
    intro = [COMBINING.format(best=best)] if system == COMBINED else []
    return [f"## {system}", *intro, _grid((*HEADER, BEHIND), ([*cells(row), _behind(row)] for row in own))]


def _behind(row: Row) -> str:
    """Checkpoints or systems; a paper's source stands at the end of the page."""
    return "" if row.step in (MARGIN, PUBLISHED) else row.checkpoint


def _grid(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [header, ["---", *["--:"] * (len(header) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.3f}"


def _sources(found: Sequence[Row]) -> str:
    return "\n".join(f"- {row.system}: {row.checkpoint}" for row in found if row.step == PUBLISHED)
