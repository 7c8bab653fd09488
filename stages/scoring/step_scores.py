"""What each step of a chain earns: networks, then their ensemble, then smoothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SCORING, half_of
from stages.scoring.uncertainty import change_error

Measures = Callable[[labelled.Scored], dict[str, float]]  # scores by task
MAJORITY, SINGLE, ENSEMBLE, SMOOTH = "majority", "single", "ensemble", "smooth"


class Step(NamedTuple):
    """A row of the comparison: its name, what stands behind it (checkpoints, systems), what it predicts."""

    name: str
    checkpoint: str
    predictions: pd.DataFrame


def score_steps(
    table: pd.DataFrame,
    steps: Iterable[Step],
    sides: dict[str, str],
    missing: labelled.Missing,
    papers: Measures | None = None,
) -> list[dict[str, Any]]:
    """ABAW2 measures of each step, on the scoring half and on all videos; NaN for a task it does not predict.

    `change`: of the scoring half's measure from the last step before that predicts the task, and `error` its
    standard error (see `uncertainty`); empty for the first. `papers`: the measures of the system's paper where
    those are others; a step has them under that name.
    """
    labels = labelled.validation(table)
    rows: list[dict[str, Any]] = []
    before = None
    for name, checkpoint, predictions in steps:
        scored, _ = labelled.join(labels, predictions, missing)
        held = scored.where(half_of(scored.trials, sides, SCORING))
        scores = _on_both(labelled.official, held, scored)
        own = {} if papers is None else {"papers": _on_both(papers, held, scored)}
        rows.append({"step": name, "checkpoint": checkpoint, **scores, **changes(before, held), **own})
        before = held if before is None else _carried(before, held)
    return rows


def _on_both(
    measures: Measures, held: labelled.Scored, scored: labelled.Scored
) -> dict[str, dict[str, float]]:
    return {SCORING: measures(held), "all": measures(scored)}


def changes(before: labelled.Scored | None, after: labelled.Scored) -> dict[str, dict[str, float]]:
    """`change` of each task's ABAW2 measure and its standard `error`; empty where nothing came before."""
    if before is None:
        return {"change": {}, "error": {}}
    was, now = labelled.official(before), labelled.official(after)
    return {"change": {task: now[task] - was[task] for task in now}, "error": change_error(before, after)}


def _carried(before: labelled.Scored, after: labelled.Scored) -> labelled.Scored:
    """`after`, with what it does not predict taken from `before`."""
    return after._replace(predicted=after.predicted.fillna(before.predicted))
