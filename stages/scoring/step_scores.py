"""What each step of a chain earns: networks, then their ensemble, then smoothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from stages.scoring.tables import labelled
from stages.scoring.uncertainty import change_error, intervals

Measures = Callable[[labelled.Scored], dict[str, float]]  # scores by task
MAJORITY, SINGLE, ENSEMBLE, SMOOTH = "majority", "single", "ensemble", "smooth"


class Step(NamedTuple):
    """A row of the comparison: its name, what stands behind it (checkpoints, systems), what it predicts."""

    name: str
    checkpoint: str
    predictions: pd.DataFrame


def score_steps(
    labels: pd.DataFrame,
    steps: Iterable[Step],
    missing: labelled.Missing,
    papers: Measures | None = None,
) -> list[dict[str, Any]]:
    """ABAW2 measures of each step, by task: `score`, the ends `low` and `high` of its interval, `change`, `error`.

    NaN for a task that it does not predict. `change`: from the last step before that predicts the task, and `error`
    its standard error (see `uncertainty`); empty for the first. `papers`: the measures of the system's paper where
    those are others; a step has them under that name.
    """
    rows: list[dict[str, Any]] = []
    before = None
    for name, checkpoint, predictions in steps:
        scored, _ = labelled.join(labels, predictions, missing)
        own = {} if papers is None else {"papers": papers(scored)}
        rows.append(
            {"step": name, "checkpoint": checkpoint, **scores(scored), **changes(before, scored), **own}
        )
        before = scored if before is None else _carried(before, scored)
    return rows


def scores(scored: labelled.Scored) -> dict[str, dict[str, float]]:
    """`score` of each task and the ends of its interval."""
    ends = intervals(scored)
    return {
        "score": labelled.official(scored),
        "low": {task: end.low for task, end in ends.items()},
        "high": {task: end.high for task, end in ends.items()},
    }


def changes(before: labelled.Scored | None, after: labelled.Scored) -> dict[str, dict[str, float]]:
    """`change` of each task's ABAW2 measure and its standard `error`; empty where nothing came before."""
    if before is None:
        return {"change": {}, "error": {}}
    was, now = labelled.official(before), labelled.official(after)
    return {"change": {task: now[task] - was[task] for task in now}, "error": change_error(before, after)}


def _carried(before: labelled.Scored, after: labelled.Scored) -> labelled.Scored:
    """`after`, with what it does not predict taken from `before`."""
    return after._replace(predicted=after.predicted.fillna(before.predicted))
