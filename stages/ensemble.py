"""Per AU, for the expressions and for valence and arousal: the best checkpoint of all steps and epochs.

Jiang et al. 2022, 4.4 takes the checkpoint with the highest F1 of each AU. Here the choice is made on the
selection half of the validation videos only. Run: python -m stages.ensemble SYSTEM
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import NonNegativeFloat

from stages.learning import candidates, scoring
from stages.learning.choosing import choose
from stages.learning.selection import SELECTION, half_of, halves
from stages.learning.steady import fold_scores, steady
from stages.params import Strict, load
from stages.reporting.files import write_csv, write_json, write_parquet
from stages.runtime import argument, log, main

INDEX = Path("data/index/frames.parquet")
PREDICTIONS = Path("data/predictions")


class Params(Strict):
    """Section `<system>.ensemble` of params.yaml."""

    criterion: scoring.Criterion
    margin: NonNegativeFloat


def run() -> None:
    """Read params, choose; write the choice, the ratings of all checkpoints and the predictions."""
    system = argument("system")
    params = load(Params, f"{system}.ensemble")
    table = pd.read_parquet(INDEX)
    ratings, chosen = select(table, PREDICTIONS, [system], params.criterion, params.margin)
    ensemble = candidates.compose(chosen, PREDICTIONS)
    write_csv(Path("metrics", system, "checkpoints.csv"), named(ratings))
    write_json(Path("models/ensemble", system, "selection.json"), describe(chosen))
    write_parquet(PREDICTIONS / system / "ensemble" / "best.parquet", ensemble)
    log.print(f"ensemble of {system}: {len(set(chosen.values()))} of {len(ratings)} checkpoints in use")


def select(
    table: pd.DataFrame, predictions: Path, systems: list[str], criterion: scoring.Criterion, margin: float
) -> tuple[pd.DataFrame, dict[str, candidates.Candidate]]:
    """Ratings of all checkpoints on the selection half, and the one chosen for each unit.

    Every unit stays with the best single checkpoint unless another beats it by more than `margin`,
    whichever one video is left out.
    """
    labels = scoring.validation(table)
    rows = labels[half_of(labels["trial"], halves(table), SELECTION)]
    found = candidates.find(predictions, systems)
    ratings = candidates.rate(found, predictions, rows, criterion)
    single = found.index(candidates.best(ratings))
    folds = [fold_scores(one.scored(predictions, rows), criterion) for one in found]
    rows_chosen = choose(steady(folds, single), single, margin)
    return ratings, {unit: found[row] for unit, row in rows_chosen.items()}


def named(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings with one name for each checkpoint, for a plot's axis."""
    return ratings.assign(name=ratings["step"] + " " + ratings["checkpoint"])


def describe(chosen: dict[str, candidates.Candidate]) -> dict[str, dict[str, str]]:
    """Unit → system, step, checkpoint: what prediction on new videos runs."""
    return {unit: candidate._asdict() for unit, candidate in chosen.items()}


if __name__ == "__main__":
    main(run)
