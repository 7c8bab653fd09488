"""The comparison of steps and systems: a row a step, and the rows as JSON and for plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from stages.core.labels import TASKS

NAMES = {
    "audio": "+ audio",
    "sequence": "+ sequence",
    "single": "best single",
    "ensemble": "+ ensemble",
    "smooth": "+ smoothing",
    "margin": "margin",
}
COMBINED, MARGIN = "combined", "margin"
REFERENCES = ("majority", "single", MARGIN)  # what steps are measured against, and by how much
PAPER, OURS = "paper", "ours"
FIGURES = ("score", "low", "high", "change", "error")  # of a step
Scores = Mapping[str, float]


class Row(NamedTuple):
    """A step's scores by task, the ends of their intervals over videos, their change from the row above and its error.

    `by`: whose step it is, the "paper"'s or "ours"; "" for what both are measured against. `tasks`: those of the
    paper; a step's others are ours. `checkpoint`: what stands behind it, checkpoints or systems. `published`: the
    paper's figures of the step, by `measure`; where that is not ABAW2, `papers` has ours by it.
    """

    system: str
    step: str
    checkpoint: str
    score: Scores
    low: Scores
    high: Scores
    change: Scores
    error: Scores
    by: str = OURS
    tasks: Sequence[str] = TASKS
    published: Scores = MappingProxyType({})
    measure: str = ""
    papers: Scores = MappingProxyType({})

    @property
    def name(self) -> str:
        """For a reader; a step that no paper has is marked."""
        name = NAMES.get(self.step, self.step)
        return f"{name.removeprefix('+ ')} (ours)" if self.by == OURS else name


def rows(scores: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Rows of all systems: the steps of the chain in order, then the margin of the combined one.

    `scores`: system → {"steps": [{step, checkpoint, score, low, high, change, error}], "published": {tasks, measure,
    steps: step → {AU, EXPR, VA, note}, source, note}}; "combined" has "margin": {change, error} in its place.
    """
    return [row for system, own in scores.items() for row in _system_rows(system, own)]


def _system_rows(system: str, own: dict[str, Any]) -> list[Row]:
    found = [_row(system, step["step"], step["checkpoint"], step) for step in own["steps"]]
    if "margin" in own:
        found.append(_row(system, MARGIN, own["steps"][0]["checkpoint"], own["margin"]))
    return [_attributed(row, own["published"]) if "published" in own else row for row in found]


def _row(system: str, step: str, checkpoint: str, figures: Mapping[str, Any]) -> Row:
    score, low, high, change, error = (figures.get(name, {}) for name in FIGURES)
    by, papers = "" if step in REFERENCES else OURS, figures.get("papers", {})
    return Row(system, step, checkpoint, score, low, high, change, error, by, papers=papers)


def _attributed(row: Row, published: Mapping[str, Any]) -> Row:
    """The row, with whose it is and what its paper has of it."""
    told = published["steps"].get(row.step)
    if told is None:
        return row._replace(papers={})
    figures = {task: told[task] for task in TASKS if told[task] is not None}
    papers = row.papers if figures else {}
    tasks, measure = published["tasks"], published["measure"]
    return row._replace(by=PAPER, tasks=tasks, published=figures, measure=measure, papers=papers)


def headline(own: Sequence[Row]) -> Row | None:
    """A system's row: the last step of its paper. None for a system without a paper."""
    return next((row for row in reversed(own) if row.by == PAPER), None)


def papers_figures(own: Sequence[Row]) -> Scores:
    """The paper's figure of each task, of the last step that has one."""
    return {task: score for row in own for task, score in row.published.items()}


def only(scores: Scores, tasks: Sequence[str]) -> Scores:
    """The scores of some tasks."""
    return {task: score for task, score in scores.items() if task in tasks}


def plotted(found: Sequence[Row]) -> pd.DataFrame:
    """One row a step for bars: name, whose it is, and AU, EXPR and VA."""
    steps = [row for row in found if row.score]
    bars = [{"name": f"{row.system} {row.name}", "by": row.by, **row.score} for row in steps]
    return pd.DataFrame(bars, columns=["name", "by", *TASKS])


def nested(found: Sequence[Row]) -> dict[str, Any]:
    """system → step → {by, checkpoint, score, low, high, change, spread, published} → task → score, for `dvc metrics`.

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
        words = {"by": row.by, "checkpoint": row.checkpoint}
        parts = {
            "score": row.score,
            "low": row.low,
            "high": row.high,
            "change": row.change,
            "spread": row.error,
        }
        papers = {row.measure.replace(" ", "_").lower(): row.papers, "published": row.published}
        figures = {name: dict(part) for name, part in (parts | papers).items() if part}
        own[row.step] = {name: word for name, word in words.items() if word} | figures
    return result
