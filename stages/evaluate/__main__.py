"""Official measures of a system's final predictions, and of each step that led there.

Run: python -m stages.evaluate SYSTEM
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.core.files import measured, write_csv, write_json
from stages.core.labels import AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS
from stages.core.params import Strict, load
from stages.core.runtime import argument, main
from stages.scoring import step_scores
from stages.scoring import labelled
from stages.scoring.halves import SCORING, half_of, halves

INDEX = Path("data/index/frames.parquet")
PREDICTIONS = Path("data/predictions")
ENSEMBLE = Path("data/ensemble")
SMOOTH = Path("data/smooth")
METRICS = Path("metrics")


class Rules(Strict):
    """Section `evaluate` of params.yaml."""

    missing: labelled.Missing


class Params(Strict):
    """Section `<system>.published` of params.yaml, with the rules that hold for every system."""

    evaluate: Rules
    AU: float | None
    EXPR: float | None
    VA: float | None
    source: str


def run() -> None:
    """Read params and tables, write metrics, plots' tables and the scores of the steps."""
    system = argument("system")
    params = load(Params, f"{system}.published")
    table = pd.read_parquet(INDEX)
    sides = halves(table)
    final = pd.read_parquet(SMOOTH / f"{system}.parquet")
    scored, counts = labelled.join(labelled.validation(table), final, params.evaluate.missing)
    write_json(METRICS / f"{system}.json", measure(scored, counts, sides))
    write_csv(METRICS / system / "per_unit.csv", units_table(scored))
    write_csv(METRICS / system / "confusion.csv", confusion_table(scored))
    ratings = pd.read_csv(METRICS / system / "checkpoints.csv")
    rows = step_scores.score_steps(table, steps(table, ratings, final), sides, params.evaluate.missing)
    scores = {"steps": measured(rows), "published": params.model_dump(exclude={"evaluate"})}
    write_json(Path("data/scores", f"{system}.json"), scores)


def steps(table: pd.DataFrame, ratings: pd.DataFrame, final: pd.DataFrame) -> Iterator[step_scores.Step]:
    """The majority class, the system's networks, its ensemble and its final predictions, read one by one."""
    networks = step_scores.networks(ratings)
    yield step_scores.Step(step_scores.MAJORITY, "", labelled.majority(table, final))
    for network in networks:
        yield step_scores.Step(network.step, network.checkpoint, pd.read_parquet(network.path(PREDICTIONS)))
    system = networks[0].system
    yield step_scores.Step(step_scores.ENSEMBLE, "best", pd.read_parquet(ENSEMBLE / f"{system}.parquet"))
    yield step_scores.Step(step_scores.SMOOTH, "final", final)


def measure(scored: labelled.Scored, counts: dict[str, int], sides: dict[str, str]) -> dict[str, Any]:
    """All measures on all validation videos, the totals on the scoring half, the frames that they rest on.

    What a system does not predict has no key.
    """
    held = labelled.figures(scored.where(half_of(scored.trials, sides, SCORING)))
    totals = {task: {name: own[name] for name in own if "per_" not in name} for task, own in held.items()}
    return measured({**labelled.figures(scored), "scoring_half": totals, "frames": counts})


def units_table(scored: labelled.Scored) -> pd.DataFrame:
    """One row an AU: f1, accuracy, auc, and its labelled positives and frames."""
    units = labelled.action_units(scored)
    return pd.DataFrame(
        {
            "unit": AU_NAMES,
            "f1": units.unit_f1,
            "accuracy": units.unit_accuracy,
            "auc": units.unit_auc,
            "positives": (scored.units == 1).sum(axis=0),
            "labelled": (scored.units >= 0).sum(axis=0),
        }
    )


def confusion_table(scored: labelled.Scored) -> pd.DataFrame:
    """Frames of each pair of actual and predicted expression, [49] rows."""
    logits = scored.predicted[list(EXPRESSION_LOGITS)].to_numpy()
    known = (scored.expressions >= 0) & ~np.isnan(logits).all(axis=1)
    predicted = np.nan_to_num(logits[known], nan=-np.inf).argmax(axis=1)
    pairs = pd.DataFrame({"actual": scored.expressions[known], "predicted": predicted}).value_counts()
    every = pd.MultiIndex.from_product([range(len(EXPRESSIONS))] * 2, names=["actual", "predicted"])
    counts = pairs.reindex(every, fill_value=0).rename("frames").reset_index()
    names = dict(enumerate(EXPRESSIONS))
    return counts.assign(actual=counts["actual"].map(names), predicted=counts["predicted"].map(names))


if __name__ == "__main__":
    main(run)
