"""The project's own best system: for each AU, expression and VA dimension a weighted sum of all systems.

Weights are searched over a grid (Fan et al. 2021, 2: weighted sum of models) and smoothing widths as in stage
smooth (Jiang et al. 2022, 3.4), both on the selection half of the validation videos only.
Run: python -m stages.combine
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pandas as pd
from pydantic import Field, NonNegativeFloat

from stages.combine import systems
from stages.core.files import measured, write_json, write_parquet
from stages.core.params import Strict, load
from stages.core.paths import COMBINED, INDEX, METRICS, SCORES, SMOOTHED
from stages.core.runtime import log, main
from stages.ensemble.mixture import describe, mix, read_selection, sources_of
from stages.ensemble.weight_search import Rules, Start
from stages.scoring import figures, step_scores
from stages.scoring.candidates import Candidate
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SCORING, SELECTION, half_of, halves
from stages.scoring.tables.measures import Criterion
from stages.smooth import widths
from stages.smooth.moving_average import smooth


class Params(Strict):
    """Section `combine` of params.yaml, with the systems that run and the rules that hold for all of them."""

    systems: Annotated[list[str], Field(min_length=1)]
    evaluate: figures.Rules
    grid_step: Annotated[float, Field(gt=0, le=1)]
    criterion: Criterion
    margin: NonNegativeFloat
    class_margin: NonNegativeFloat
    start: Start
    smooth: widths.Params


class Predicted(NamedTuple):
    """The weighted sum of the systems in use (their names), before and after smoothing."""

    mixed: pd.DataFrame
    final: pd.DataFrame
    systems: str


def run() -> None:
    """Read params and the systems' final predictions; write the choice, the predictions and the figures."""
    params = load(Params, "combine")
    table, paths = pd.read_parquet(INDEX), systems.finals(params.systems, SMOOTHED)
    sides, labels = halves(table), labelled.validation(table)
    rows = labels[half_of(labels["trial"], sides, SELECTION)]
    rules = Rules(params.grid_step, params.criterion, params.margin, params.start)
    chosen = COMBINED / "selection.json"
    write_json(chosen, describe(systems.select(paths, rows, rules, params.class_margin)))
    selection = read_selection(chosen)  # as written: prediction on a new video reads rounded weights
    mixed = mix(selection, paths)
    smoothing = widths.choose_widths(table, mixed, params.smooth)
    write_json(COMBINED / "widths.json", smoothing)
    final = smooth(mixed, smoothing)
    write_parquet(Path("data/combined.parquet"), final)
    used = [source.system for source in paths if source in sources_of(selection)]
    report(table, paths, Predicted(mixed, final, ", ".join(used)), params.evaluate.missing)
    log.print(f"combined: {len(used)} of {len(params.systems)} systems in use")


def report(
    table: pd.DataFrame, paths: dict[Candidate, Path], predicted: Predicted, missing: labelled.Missing
) -> None:
    """Write the measures, and the scores of the steps beside the best single system's."""
    sides, labels = halves(table), labelled.validation(table)
    scored, counts = labelled.join(labels, predicted.final, missing)
    write_json(METRICS / "combined.json", figures.measure(scored, counts, sides))
    best = systems.best_single(paths, labels, sides, missing)
    single = mix(systems.singles(best), paths)
    names = ", ".join(f"{task} {candidate.system}" for task, candidate in best.items())
    steps = [
        step_scores.Step(step_scores.SINGLE, names, single),
        step_scores.Step(step_scores.ENSEMBLE, predicted.systems, predicted.mixed),
        step_scores.Step(step_scores.SMOOTH, predicted.systems, predicted.final),
    ]
    scores = {"steps": step_scores.score_steps(table, steps, sides, missing)}
    margin = _margin(labels, single, scored, sides, missing)
    write_json(SCORES / "combined.json", measured({**scores, "margin": margin}), digits=None)


def _margin(
    labels: pd.DataFrame,
    single: pd.DataFrame,
    final: labelled.Scored,
    sides: dict[str, str],
    missing: labelled.Missing,
) -> dict[str, Any]:
    """Change and its standard error from the best single system to the combined one, on the scoring half."""
    before = labelled.join(labels, single, missing)[0]
    held = [own.where(half_of(own.trials, sides, SCORING)) for own in (before, final)]
    return step_scores.changes(*held)


if __name__ == "__main__":
    main(run)
