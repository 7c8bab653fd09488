"""The published ways to make one prediction of many checkpoints, each as a selection."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.ensemble.mixture import Source, weighted
from stages.ensemble.weight_search import Rules, unit_weights
from stages.scoring.candidates import Candidate, best, scored_file
from stages.scoring.labelled import UNITS, Scored, predicted_units
from stages.scoring.measures import Criterion
from stages.scoring.robust_choice import choose, fold_scores, steady


def best_of_all(
    found: Sequence[Candidate],
    ratings: pd.DataFrame,
    root: Path,
    rows: pd.DataFrame,
    criterion: Criterion,
    margin: float,
) -> dict[str, list[Source]]:
    """For each unit the best checkpoint of all steps and epochs.

    A unit stays with the best single checkpoint unless another beats it by more than `margin`, whichever one
    video is left out. `ratings`: rows of `candidates.rate` for `found`.
    """
    folds, known = [], []
    for candidate in found:
        scored = candidate.scored(root, rows)
        folds.append(fold_scores(scored, criterion))
        known.append(predicted_units(scored))
    single = list(found).index(best(ratings))
    chosen = _chosen(found, known, steady(folds, single), single, margin)
    return {unit: _equal([candidate]) for unit, candidate in chosen.items()}


def mean_of_best(
    ratings: pd.DataFrame, root: Path, rows: pd.DataFrame, margin: float
) -> dict[str, list[Source]]:
    """For each unit the mean of every network's best checkpoint for it (Jiang et al. 2022, 5).

    "Finally, best checkpoint for each AU and each model are chosen and ensembled": how, is not told. A unit leaves
    its network's best single checkpoint for one that is better by more than `margin`. `ratings` as above.
    """
    members: dict[str, list[Candidate]] = {unit: [] for unit in UNITS}
    for _, own in ratings.groupby("step", sort=False):
        tables = [Candidate(*key) for key in own[list(Candidate._fields)].itertuples(index=False)]
        scores, single = own[list(UNITS)].reset_index(drop=True), tables.index(best(own))
        for unit, one in _chosen(tables, able(tables, root, rows), scores, single, margin).items():
            members[unit].append(one)
    return {unit: _equal(chosen) for unit, chosen in members.items() if chosen}


def _chosen(
    found: Sequence[Candidate],
    known: Sequence[Collection[str]],
    scores: pd.DataFrame,
    single: int,
    margin: float,
) -> dict[str, Candidate]:
    """One candidate for each unit that any predicts (`known`); where no label can tell, the first that does."""
    places = choose(scores, single, margin)
    chosen: dict[str, Candidate] = {}
    for unit in UNITS:
        predicting = [place for place, units in enumerate(known) if unit in units]
        if predicting:
            chosen[unit] = found[places[unit] if places[unit] in predicting else predicting[0]]
    return chosen


def _equal(candidates: Sequence[Candidate]) -> list[Source]:
    return weighted(candidates, [1 / len(candidates)] * len(candidates))


def able(found: Sequence[Candidate], root: Path, rows: pd.DataFrame) -> list[Collection[str]]:
    """The units that each candidate predicts."""
    return [predicted_units(candidate.scored(root, rows)) for candidate in found]


def mean_of(members: Sequence[Candidate], root: Path, rows: pd.DataFrame) -> dict[str, list[Source]]:
    """Equal weights of all members that predict a unit: predictions of folds, averaged."""
    known = able(members, root, rows)
    own = {unit: [m for m, units in zip(members, known, strict=True) if unit in units] for unit in UNITS}
    return {unit: _equal(chosen) for unit, chosen in own.items() if chosen}


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
