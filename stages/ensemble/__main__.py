"""One prediction of a system's many checkpoints: for each AU, the expressions, valence and arousal.

Methods: "best_mean", each network's best checkpoint for the unit, averaged (Jiang et al. 2022, 5); "best", one
checkpoint of all networks and epochs; "mean" of the networks (folds); "weights" of the networks (Fan et al. 2021,
2). What is chosen here rests on the selection half of the validation videos only.

Run: python -m stages.ensemble SYSTEM
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import Field, NonNegativeFloat

from stages.core.files import write_csv, write_json, write_parquet
from stages.core.params import Strict, load
from stages.core.paths import ENSEMBLES, INDEX, METRICS, MODELS, PREDICTIONS
from stages.core.runtime import argument, log, main
from stages.ensemble import methods
from stages.ensemble.mixture import Source, compose, describe, read_selection, sources_of
from stages.ensemble.weight_search import Rules, Start
from stages.scoring import candidates
from stages.scoring.provenance import provenance
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SELECTION, half_of, halves
from stages.scoring.tables.measures import Criterion


class Params(Strict):
    """Section `<system>.ensemble` of params.yaml; what a method does not use may be left out."""

    networks: Annotated[list[str], Field(min_length=1)]
    method: Literal["best", "best_mean", "mean", "weights"]
    criterion: Criterion = "score"
    margin: NonNegativeFloat = 0.0
    grid_step: Annotated[float, Field(gt=0, le=1)] = 0.1
    start: Start = "mean"


class Choice(NamedTuple):
    """Ratings of all checkpoints, the one that stands for each network, and the sources of each unit."""

    ratings: pd.DataFrame
    members: list[candidates.Candidate]
    selection: dict[str, list[Source]]


def run() -> None:
    """Read params, choose; write the choice, the ratings of all checkpoints and the predictions."""
    system = argument("system")
    params = load(Params, f"{system}.ensemble")
    ratings, members, selection = select(pd.read_parquet(INDEX), PREDICTIONS, system, params)
    write_csv(METRICS / system / "checkpoints.csv", named(ratings, members))
    path = MODELS / system / "selection.json"
    write_json(path, describe(selection))
    # Of what is written: prediction on a new video reads rounded weights too.
    write_parquet(ENSEMBLES / system / "predictions.parquet", compose(read_selection(path), PREDICTIONS))
    behind = provenance(members, sources_of(selection))
    write_json(ENSEMBLES / system / "provenance.json", behind.as_json())
    log.print(
        f"ensemble of {system}: {len(behind.sources)} of {len(ratings)} checkpoints in use: {behind.listed()}"
    )


def select(table: pd.DataFrame, root: Path, system: str, params: Params) -> Choice:
    """Rate and choose on the selection half.

    `root`: folder of predictions, where a card beside each network's names the checkpoint that stands for it.
    """
    labels = labelled.validation(table)
    rows = labels[half_of(labels["trial"], halves(table), SELECTION)]
    found = candidates.find(root, system, params.networks)
    members = candidates.chosen(root, system, params.networks)
    ratings = candidates.rate(found, root, rows, params.criterion)
    if params.method == "best":
        selection = methods.best_of_all(found, ratings, params.margin)
    elif params.method == "best_mean":
        selection = methods.mean_of_best(found, ratings, params.margin)
    elif params.method == "mean":
        selection = methods.mean_of(members, root, rows)
    else:
        rules = Rules(params.grid_step, params.criterion, params.margin, params.start)
        selection = methods.weights_of(members, root, rows, rules)
    return Choice(ratings.table, members, selection)


def named(ratings: pd.DataFrame, members: list[candidates.Candidate]) -> pd.DataFrame:
    """Ratings with a name for a plot's axis, and `chosen` 1 for the checkpoint that stands for its step."""
    keys = ratings[["system", "step", "checkpoint"]].itertuples(index=False, name=None)
    chosen = [int(key in members) for key in keys]
    return ratings.assign(name=ratings["step"] + " " + ratings["checkpoint"], chosen=chosen)


if __name__ == "__main__":
    main(run)
