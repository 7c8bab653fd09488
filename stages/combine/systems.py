"""Several systems' final predictions as one: sources for each AU, each expression, valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from stages.core.labels import AU_NAMES, VA_NAMES
from stages.ensemble.methods import aligned
from stages.ensemble.mixture import Selection, Source, weighted
from stages.ensemble.weight_search import Rules, class_weights, unit_weights
from stages.scoring.candidates import Candidate, scored_file
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SCORING, half_of

TASK_UNITS = {"AU": AU_NAMES, "EXPR": ("EXPR",), "VA": VA_NAMES}
Paths = Mapping[Candidate, Path]


def finals(systems: list[str], folder: Path) -> dict[Candidate, Path]:
    """Each system's final predictions, simplest system first."""
    return {Candidate(system, "smooth", "final"): folder / f"{system}.parquet" for system in systems}


def select(paths: Paths, rows: pd.DataFrame, rules: Rules, class_margin: float) -> dict[str, list[Source]]:
    """Weights of the systems by unit, with the expressions' names in place of "EXPR".

    `rows`: the validation frames to choose on. `class_margin`: the gain in the expressions' measure for which
    one of them takes weights of its own. Errors: UserError where the systems predict other frames.
    """
    members, scored = list(paths), aligned(list(paths.values()), rows)
    found = unit_weights(scored, rules)
    faces = found.pop("EXPR", None)
    if faces is not None:
        found |= class_weights(scored, faces, rules._replace(margin=class_margin))
    return {unit: weighted(members, weights.tolist()) for unit, weights in found.items()}


def best_single(
    paths: Paths, labels: pd.DataFrame, sides: dict[str, str], missing: labelled.Missing
) -> dict[str, Candidate]:
    """The best system for each task on the scoring half itself: the hardest one to beat there.

    By the ABAW2 measures whatever the criterion: in them the margin over it is told.
    """
    scores: dict[Candidate, dict[str, float]] = {}
    for system, path in paths.items():
        scored = scored_file(path, labels, missing)
        scores[system] = labelled.official(scored.where(half_of(scored.trials, sides, SCORING)))
    ranks = pd.DataFrame(list(scores.values()), index=range(len(scores))).dropna(axis=1, how="all")
    return {str(task): list(scores)[int(place)] for task, place in ranks.idxmax().items()}


def singles(best: Mapping[str, Candidate]) -> Selection:
    """Every unit of a task from one system."""
    return {unit: weighted([system], [1]) for task, system in best.items() for unit in TASK_UNITS[task]}
