"""What each step of a system's chain earns: visual, + audio, + sequence, + ensemble, + smoothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from stages.learning import candidates, scoring
from stages.learning.selection import SCORING, half_of
from stages.learning.uncertainty import change_error

BASELINE = "majority"
POST = {"ensemble": "best", "smooth": "best"}  # steps after the networks: one table each


def steps(ratings: pd.DataFrame, system: str) -> list[candidates.Candidate]:
    """One checkpoint a step: of each network the best on the selection half, then ensemble and smoothing.

    `ratings`: rows of `candidates.rate`, simplest first.
    """
    own = ratings[ratings["system"].eq(system)]
    trained = [step for step in candidates.STEPS if own["step"].eq(step).any()]
    networks = [candidates.best(own[own["step"].eq(step)]) for step in trained]
    return networks + [candidates.Candidate(system, step, name) for step, name in POST.items()]


def score_steps(
    table: pd.DataFrame,
    root: Path,
    chosen: list[candidates.Candidate],
    sides: dict[str, str],
    missing: scoring.Missing,
) -> list[dict[str, Any]]:
    """ABAW2 measures of the majority class and of each step, on the scoring half and on all videos.

    `error`: standard error of the scoring half's change from the step before (see `uncertainty`).
    """
    labels = scoring.validation(table)
    tables = {(candidate.step, candidate.checkpoint): candidate.read(root) for candidate in chosen}
    seen = next(iter(tables.values()))[scoring.KEYS]
    said = {(BASELINE, ""): scoring.majority(table, seen), **tables}
    rows: list[dict[str, Any]] = []
    before = None
    for (step, checkpoint), predictions in said.items():
        scored, _ = scoring.join(labels, predictions, missing)
        held = scored.where(half_of(scored.trials, sides, SCORING))
        scores = {"all": scoring.official(scored), SCORING: scoring.official(held)}
        scores["error"] = change_error(before, held) if before else {}
        rows.append({"step": step, "checkpoint": checkpoint, **scores})
        before = held
    return rows
