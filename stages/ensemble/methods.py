"""The published ways to make one prediction of many checkpoints, each as a selection."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.ensemble.mixture import Source, weighted
from stages.ensemble.weight_search import Rules, unit_weights
from stages.scoring.candidates import Candidate, Ratings, best, scored_file
from stages.scoring.robust_choice import choose, steady
from stages.scoring.tables.labelled import UNITS, Scored


def best_of_all(found: Sequence[Candidate], ratings: Ratings, margin: float) -> dict[str, list[Source]]:
    """For each unit the best checkpoint of all steps and epochs.

    A unit stays with the best single checkpoint unless another beats it by more than `margin`, whichever one
    video is left out. `ratings`: of `found`, by `candidates.rate`.
    """
    single = list(found).index(best(ratings.table))
    chosen = _chosen(found, ratings.able, steady(ratings.folds, single), single, margin)
    return {unit: _equal([candidate]) for unit, candidate in chosen.items()}


def mean_of_best(found: Sequence[Candidate], ratings: Ratings, margin: float) -> dict[str, list[Source]]:
    """For each unit the mean of every network's best checkpoint for it (Jiang et al. 2022, 5).

    "Finally, best checkpoint for each AU and each model are chosen and ensembled": how, is not told. A unit leaves
    its network's best single checkpoint for one that is better by more than `margin`. `ratings` as above.
    """
    members: dict[str, list[Candidate]] = {unit: [] for unit in UNITS}
    for _, own in ratings.table.groupby("step", sort=False):
        scores, tables = own[list(UNITS)].reset_index(drop=True), [found[place] for place in own.index]
        known = [ratings.able[place] for place in own.index]
        for unit, one in _chosen(tables, known, scores, tables.index(best(own)), margin).items():
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


def mean_of(able: Mapping[Candidate, Collection[str]]) -> dict[str, list[Source]]:
    """Equal weights of all members that predict a unit (`able`: member → its units): predictions of folds, averaged."""
    own = {unit: [member for member, units in able.items() if unit in units] for unit in UNITS}
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
