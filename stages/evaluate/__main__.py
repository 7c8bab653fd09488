"""Official measures of a system's final predictions, and of each step that led there.

Of all validation videos, each scored by what was chosen on the half that it is not in.
Run: python -m stages.evaluate SYSTEM
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from stages.core.files import measured, write_csv, write_json
from stages.core.params import load
from stages.core.paths import ENSEMBLES, INDEX, METRICS, SCORES, SMOOTHED
from stages.core.runtime import argument, main
from stages.evaluate.majority import majority
from stages.evaluate.plot_tables import confusion_table, units_table
from stages.evaluate.published import MEASURES, Published, check_steps
from stages.scoring import figures
from stages.scoring.crossfit import held_out, read_parts
from stages.scoring.provenance import NETWORKS, PROVENANCE, Provenance, read_provenance
from stages.scoring.step_scores import ENSEMBLE, MAJORITY, SMOOTH, Step, score_steps
from stages.scoring.tables import labelled


class Params(Published):
    """Section `<system>.published` of params.yaml, with the rules that hold for every system."""

    evaluate: figures.Rules


def run() -> None:
    """Read params and tables, write metrics, plots' tables and the scores of the steps."""
    system = argument("system")
    params = load(Params, f"{system}.published")
    table, folder = pd.read_parquet(INDEX), ENSEMBLES / system
    behind = read_provenance(folder / PROVENANCE)
    check_steps(params, system, [network.step for network in behind.networks])
    labels, final = labelled.validation(table), held_out(read_parts(SMOOTHED / system), table)
    scored, counts = labelled.join(labels, final, params.evaluate.missing)
    write_json(METRICS / f"{system}.json", figures.measure(scored, counts))
    write_csv(METRICS / system / "per_unit.csv", units_table(scored))
    write_csv(METRICS / system / "confusion.csv", confusion_table(scored))
    chain = steps(table, folder, behind, final)
    rows = score_steps(labels, chain, params.evaluate.missing, MEASURES.get(params.measure))
    scores = {"steps": measured(rows), "published": params.model_dump(exclude={"evaluate"})}
    write_json(SCORES / f"{system}.json", scores, digits=None)


def steps(table: pd.DataFrame, folder: Path, behind: Provenance, final: pd.DataFrame) -> Iterator[Step]:
    """The majority class, the system's networks, its ensemble and its final predictions, read one by one.

    `folder`: what stage ensemble has left of the system.
    """
    used = behind.listed()
    yield Step(MAJORITY, "", majority(table, final))
    for network in behind.networks:
        own = pd.read_parquet(folder / NETWORKS / f"{network.step}.parquet")
        yield Step(network.step, network.checkpoint, own)
    yield Step(ENSEMBLE, used, held_out(read_parts(folder), table))
    yield Step(SMOOTH, used, final)


if __name__ == "__main__":
    main(run)
