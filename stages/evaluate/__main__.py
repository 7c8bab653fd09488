"""Official measures of a system's final predictions, and of each step that led there.

Run: python -m stages.evaluate SYSTEM
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from stages.core.files import measured, write_csv, write_json
from stages.core.params import load
from stages.core.paths import ENSEMBLES, INDEX, METRICS, PREDICTIONS, SCORES, SMOOTHED
from stages.core.runtime import argument, main
from stages.evaluate.majority import majority
from stages.evaluate.plot_tables import confusion_table, units_table
from stages.evaluate.published import MEASURES, Published, check_steps
from stages.scoring import figures
from stages.scoring.provenance import Provenance, read_provenance
from stages.scoring.step_scores import ENSEMBLE, MAJORITY, SMOOTH, Step, score_steps
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import halves


class Params(Published):
    """Section `<system>.published` of params.yaml, with the rules that hold for every system."""

    evaluate: figures.Rules


def run() -> None:
    """Read params and tables, write metrics, plots' tables and the scores of the steps."""
    system = argument("system")
    params = load(Params, f"{system}.published")
    check_steps(params, system, PREDICTIONS)
    table = pd.read_parquet(INDEX)
    sides = halves(table)
    final = pd.read_parquet(SMOOTHED / f"{system}.parquet")
    scored, counts = labelled.join(labelled.validation(table), final, params.evaluate.missing)
    write_json(METRICS / f"{system}.json", figures.measure(scored, counts, sides))
    write_csv(METRICS / system / "per_unit.csv", units_table(scored))
    write_csv(METRICS / system / "confusion.csv", confusion_table(scored))
    chain = steps(table, system, final)
    rows = score_steps(table, chain, sides, params.evaluate.missing, MEASURES.get(params.measure))
    scores = {"steps": measured(rows), "published": params.model_dump(exclude={"evaluate"})}
    write_json(SCORES / f"{system}.json", scores, digits=None)


def steps(table: pd.DataFrame, system: str, final: pd.DataFrame) -> Iterator[Step]:
    """The majority class, the system's networks, its ensemble and its final predictions, read one by one."""
    behind: Provenance = read_provenance(ENSEMBLES / system / "provenance.json")
    used = behind.listed()
    yield Step(MAJORITY, "", majority(table, final))
    for network in behind.networks:
        yield Step(network.step, network.checkpoint, pd.read_parquet(network.path(PREDICTIONS)))
    yield Step(ENSEMBLE, used, pd.read_parquet(ENSEMBLES / system / "predictions.parquet"))
    yield Step(SMOOTH, used, final)


if __name__ == "__main__":
    main(run)
