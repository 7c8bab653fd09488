"""metrics/compare.md: the comparison as a page, a summary on top and a table for each system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from stages.compare.comparison import COMBINED, MARGIN, NAMES, Row, Scores, headline, only, papers_figures
from stages.compare.lines import HEADER, lines, printed
from stages.core.labels import TASKS

LEGEND = """# Validation scores

ABAW2 measures: AU = 0.5·F1 + 0.5·accuracy, EXPR = 0.67·F1 + 0.33·accuracy, VA = mean CCC, on all validation videos,
each scored by what was chosen on the half that it is not in; blank: not predicted. A system's row is its paper's
last step, in the paper's tasks; below it, what this project adds to it, up to its final predictions. The papers'
figures stand beside them for orientation only (see the notes at the end)."""
STEPS = """# Steps

For each task: the score; half of its 95 % interval (videos drawn with replacement); and its change from the row above
that has the task (≈: within two standard errors over videos, chance would do as well). A paper's figures stand below
the step that they are of. What no paper has is marked: ours. Last stand the checkpoints, or the systems, that predict
other videos. Networks that do not build on the one before (members, folds, variants) stand below each other all the
same."""
COMBINING = """The systems together: for each AU, expression and VA dimension a weighted sum of their
final predictions, then smoothing. Best single: for each task the system that scores best
({best}), the hardest to beat. Margin: what the combined system gains over it."""
NOTES = """# Published figures

On Aff-Wild2's validation set unless told otherwise, not comparable on the drawn corpus, nor with each other
where the measure or the split differs:"""
SUMMARY = ("system", "step", *TASKS, *(f"{task}, paper" for task in TASKS))
Published = Mapping[str, Mapping[str, Any]]  # system → its section `published`


def page(found: Sequence[Row], published: Published) -> str:
    """The page, from the rows of all systems."""
    parts = [LEGEND, _grid(SUMMARY, _summary(found), 2), STEPS]
    for system, own in groupby(found, lambda row: row.system):
        parts += _section(system, list(own))
    return "\n\n".join([*parts, NOTES, "\n".join(_notes(published))]) + "\n"


def _summary(found: Sequence[Row]) -> Iterator[list[str]]:
    """The paper's last step of each system, then its final predictions where those are another."""
    for system, group in groupby(found, lambda row: row.system):
        own = list(group)
        row, final = headline(own), [row for row in own if row.score][-1]
        if row is not None:
            yield _standing(system, row, only(row.score, row.tasks), papers_figures(own))
        if row is None or row.step != final.step:
            yield _standing("" if row else system, final, final.score, {})


def _standing(name: str, row: Row, scores: Scores, paper: Scores) -> list[str]:
    own = [f"{scores[task]:.3f}" if task in scores else "" for task in TASKS]
    return [name, row.name.removeprefix("+ "), *own, *(printed(paper, task) for task in TASKS)]


def _section(system: str, own: Sequence[Row]) -> list[str]:
    best = next((row.checkpoint for row in own if row.step == MARGIN), "")
    intro = [COMBINING.format(best=best)] if system == COMBINED else []
    return [f"## {system}", *intro, _grid((*HEADER, "of"), (line for row in own for line in _lines(row)))]


def _lines(row: Row) -> Iterator[list[str]]:
    """A row's lines, the checkpoints or systems behind the first."""
    behind = "" if row.step == MARGIN else row.checkpoint
    for place, line in enumerate(lines(row)):
        yield [*line, behind if place == 0 else ""]


def _grid(header: Sequence[str], body: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first `words` columns are text."""
    rows = [header, ["---"] * words + ["--:"] * (len(header) - words), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _notes(published: Published) -> Iterator[str]:
    """A system's source, and what its figures are of, by step."""
    for system, own in published.items():
        yield f"- {system}: " + "; ".join(filter(None, (own["source"], own["note"])))
        notes = {step: figures["note"] for step, figures in own["steps"].items() if figures["note"]}
        for note, steps in groupby(notes, key=notes.get):
            names = ", ".join(NAMES.get(step, step).removeprefix("+ ") for step in steps)
            yield f"  - {names}: {note}"
