"""The published ways to make one prediction of many checkpoints, each as a selection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.ensemble.mixture import Source, weighted
from stages.ensemble.weight_search import Rules, unit_weights
from stages.scoring.candidates import Candidate, Ratings, best, scored_file
from stages.scoring.labelled import UNITS, Scored, predicted_units
from stages.scoring.robust_choice import choose, steady


def best_of_all(found: Sequence[Candidate], ratings: Ratings, margin: float) -> dict[str, list[Source]]:
    """For each unit the best checkpoint of all steps and epochs (Jiang et al. 2022, 4.4).

    A unit stays with the best single checkpoint unless another beats it by more than `margin`, whichever one
    video is left out. `ratings`: of `found`, by `candidates.rate`.
    """
    single = list(found).index(best(ratings.table))
    places = choose(steady(ratings.folds, single), single, margin)
    chosen = {unit: _able(places[unit], [unit in units for units in ratings.able]) for unit in UNITS}
    return {unit: weighted([found[place]], [1]) for unit, place in chosen.items() if place is not None}


def _able(place: int, able: Sequence[bool]) -> int | None:
    """The place, or the first that predicts the unit at all: where no label can tell, the simplest."""
    if able[place]:
        return place
    return able.index(True) if any(able) else None


def mean_of(members: Sequence[Candidate], root: Path, rows: pd.DataFrame) -> dict[str, list[Source]]:
    """Equal weights of all members that predict a unit: predictions of folds, averaged."""
    able = [predicted_units(member.scored(root, rows)) for member in members]
    own = {unit: [m for m, units in zip(members, able, strict=True) if unit in units] for unit in UNITS}
    return {unit: weighted(chosen, [1 / len(chosen)] * len(chosen)) for unit, chosen in own.items() if chosen}


def weights_of(
    members: Sequence[Candidate], root: Path, rows: pd.DataFrame, rules: Rules
) -> dict[str, list[Source]]:
    """A weighted sum of the members for each unit (Fan et al. 2021, 2), its weights searched on `rows`."""
    found = unit_weights(aligned([member.path(root) for member in members], rows), rules)
    return {unit: weighted(members, weights.tolist()) for unit, weights in found.items()}


def aligned(paths: Sequence[Path], rows: pd.DataFrame) -> list[Scored]:
    """Prediction tables beside the same labels, those of `rows`.

    Errors: UserError where their frames differ.
    """
    scored = [scored_file(path, rows) for path in paths]
    for path, own in zip(paths, scored, strict=True):
        if not own.predicted.index.equals(scored[0].predicted.index):
            raise UserError(f"{path}: predicts other frames than {paths[0]}; run dvc repro")
    return scored
