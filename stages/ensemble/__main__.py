"""One prediction of a system's many checkpoints: for each AU, the expressions, valence and arousal.

Methods: "best_mean", each network's best checkpoint for the unit, averaged (Jiang et al. 2022, 5); "best", one
checkpoint of all networks and epochs; "mean" of the networks (folds); "weights" of the networks (Fan et al. 2021,
2). Each choice is made on either half of the validation videos for the other's scores, and on all of them for new
videos (see `scoring.crossfit`).

Run: python -m stages.ensemble SYSTEM
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import Field, NonNegativeFloat

from stages.core.files import write_json, write_parquet
from stages.core.params import Strict, load
from stages.core.paths import ENSEMBLES, INDEX, PREDICTIONS
from stages.core.runtime import argument, log, main
from stages.ensemble import methods
from stages.ensemble.mixture import Source, compose, describe, sources_of
from stages.ensemble.weight_search import Rules, Start
from stages.scoring import candidates
from stages.scoring.crossfit import ALL, chosen_on, for_each, held_out, write_parts
from stages.scoring.provenance import NETWORKS, PROVENANCE, SELECTIONS, provenance
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
    """The checkpoint that stands for each network, and the sources of each unit."""

    members: list[candidates.Candidate]
    selection: dict[str, list[Source]]


def run() -> None:
    """Read params, choose on each part of the validation videos; write the choices and the predictions."""
    system = argument("system")
    params = load(Params, f"{system}.ensemble")
    table, out = pd.read_parquet(INDEX), ENSEMBLES / system
    rows = chosen_on(table)
    found = candidates.find(PREDICTIONS, system, params.networks)
    sums = candidates.summed(found, PREDICTIONS, rows[ALL])
    choices = for_each(lambda part: choose(rows[part], sums, PREDICTIONS, system, params))
    write_json(out / SELECTIONS, {part: describe(choice.selection) for part, choice in choices.items()})
    write_parts(out, {part: compose(choice.selection, PREDICTIONS) for part, choice in choices.items()})
    write_networks(out / NETWORKS, choices, table, PREDICTIONS)
    behind = provenance(choices[ALL].members, sources_of(choices[ALL].selection))
    write_json(out / PROVENANCE, behind.as_json())
    log.print(
        f"ensemble of {system}: {len(behind.sources)} of {len(found)} checkpoints in use: {behind.listed()}"
    )


def choose(rows: pd.DataFrame, sums: candidates.Summed, root: Path, system: str, params: Params) -> Choice:
    """Rate the checkpoints on `rows`, validation frames, and choose.

    `root`: folder of predictions, where a card beside each network's names the checkpoint that stands for it.
    """
    ratings = candidates.rate(sums, rows["trial"].unique(), params.criterion)
    members = candidates.standing(root, system, params.networks, ratings.table)
    if params.method == "best":
        return Choice(members, methods.best_of_all(sums.found, ratings, params.margin))
    if params.method == "best_mean":
        return Choice(members, methods.mean_of_best(sums.found, ratings, params.margin))
    if params.method == "mean":
        able = {one: units for one, units in zip(sums.found, ratings.able, strict=True) if one in members}
        return Choice(members, methods.mean_of(able))
    rules = Rules(params.grid_step, params.criterion, params.margin, params.start)
    return Choice(members, methods.weights_of(members, root, rows, rules))


def write_networks(folder: Path, choices: Mapping[str, Choice], table: pd.DataFrame, root: Path) -> None:
    """Predictions of each network by itself, its checkpoint chosen where it is not scored."""
    for place, network in enumerate(choices[ALL].members):
        paths = {part: choice.members[place].path(root) for part, choice in choices.items()}
        own = held_out({part: pd.read_parquet(path) for part, path in paths.items()}, table)
        write_parquet(folder / f"{network.step}.parquet", own)


if __name__ == "__main__":
    main(run)
