"""Several systems' final predictions as one: sources for each AU, each expression, valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from stages.core.labels import AU_NAMES, PREDICTION_COLUMNS, VA_NAMES
from stages.ensemble.methods import aligned
from stages.ensemble.mixture import Source, weighted
from stages.ensemble.weight_search import Rules, class_weights, unit_weights
from stages.scoring.candidates import Candidate
from stages.scoring.crossfit import path_of
from stages.scoring.tables import labelled
from stages.scoring.tables.labelled import KEYS

TASK_UNITS = {"AU": AU_NAMES, "EXPR": ("EXPR",), "VA": VA_NAMES}
Paths = Mapping[Candidate, Path]


def finals(systems: list[str], folder: Path, part: str) -> dict[Candidate, Path]:
    """Each system's final predictions by what was chosen on a part of the validation videos, simplest system first."""
    return {Candidate(system, "smooth", "final"): path_of(folder / system, part) for system in systems}


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
    tables: Mapping[str, pd.DataFrame], labels: pd.DataFrame, missing: labelled.Missing
) -> dict[str, str]:
    """The best system for each task by the very scores that are told: the hardest one to beat.

    `tables`: each system's predictions. By the ABAW2 measures whatever the criterion: in them the margin is told.
    """
    scores = {
        system: labelled.official(labelled.join(labels, table, missing)[0])
        for system, table in tables.items()
    }
    ranks = pd.DataFrame(list(scores.values()), index=range(len(scores))).dropna(axis=1, how="all")
    return {str(task): list(scores)[int(place)] for task, place in ranks.idxmax().items()}


def singles(best: Mapping[str, str], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every unit of a task from one system; what no system predicts is missing."""
    found = next(iter(tables.values()))[KEYS].reset_index(drop=True)
    for task, system in best.items():
        for column in (name for unit in TASK_UNITS[task] for name in labelled.COLUMNS[unit]):
            found[column] = tables[system][column].to_numpy()
    return found.reindex(columns=list(PREDICTION_COLUMNS))
