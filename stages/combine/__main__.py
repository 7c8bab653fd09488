"""The project's own best system: for each AU, expression and VA dimension a weighted sum of all systems.

Weights are searched over a grid (Fan et al. 2021, 2: weighted sum of models) and smoothing widths as in stage
smooth (Jiang et al. 2022, 3.4), both on each part of the validation videos, as in the stages before.
Run: python -m stages.combine
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
from pydantic import Field, NonNegativeFloat

from stages.combine import systems
from stages.core.files import measured, write_json
from stages.core.params import Strict, load
from stages.core.paths import COMBINED, INDEX, METRICS, SCORES, SMOOTHED
from stages.core.runtime import log, main
from stages.ensemble.mixture import Source, describe, mix, sources_of
from stages.ensemble.weight_search import Rules, Start
from stages.scoring import figures
from stages.scoring.candidates import Candidate
from stages.scoring.crossfit import ALL, chosen_on, for_each, held_out, read_parts, write_parts
from stages.scoring.provenance import SYSTEM
from stages.scoring.step_scores import ENSEMBLE, SINGLE, SMOOTH, Step, changes, score_steps
from stages.scoring.tables import labelled
from stages.scoring.tables.measures import Criterion
from stages.smooth import widths
from stages.smooth.moving_average import smooth

OUT = Path("data/combined")


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


class Choice(NamedTuple):
    """Sources of each unit, widths of smoothing, and what they predict before and after it."""

    selection: dict[str, list[Source]]
    widths: dict[str, int]
    mixed: pd.DataFrame
    final: pd.DataFrame


def run() -> None:
    """Read params and the systems' final predictions; write the choice, the predictions and the figures."""
    params = load(Params, "combine")
    table = pd.read_parquet(INDEX)
    rows = chosen_on(table)
    choices = for_each(
        lambda part: choose(rows[part], systems.finals(params.systems, SMOOTHED, part), params)
    )
    chosen = choices[ALL]
    write_json(COMBINED / SYSTEM, {"selection": describe(chosen.selection), "widths": chosen.widths})
    write_parts(OUT, {part: own.final for part, own in choices.items()})
    mixed = held_out({part: own.mixed for part, own in choices.items()}, table)
    final = held_out({part: own.final for part, own in choices.items()}, table)
    used = [source.system for source in sources_of(chosen.selection)]
    used = [name for name in params.systems if name in used]
    report(table, params, mixed, final, ", ".join(used))
    log.print(f"combined: {len(used)} of {len(params.systems)} systems in use")


def choose(rows: pd.DataFrame, paths: dict[Candidate, Path], params: Params) -> Choice:
    """Weights and widths from the validation frames to choose on, and predictions by them."""
    rules = Rules(params.grid_step, params.criterion, params.margin, params.start)
    selection = systems.select(paths, rows, rules, params.class_margin)
    mixed = mix(selection, paths)
    smoothing = widths.choose_widths(rows, mixed, params.smooth)
    return Choice(selection, smoothing, mixed, smooth(mixed, smoothing))


def report(table: pd.DataFrame, params: Params, mixed: pd.DataFrame, final: pd.DataFrame, used: str) -> None:
    """Write the measures, and the scores of the steps beside the best single system's. `used`: systems."""
    missing, labels = params.evaluate.missing, labelled.validation(table)
    scored, counts = labelled.join(labels, final, missing)
    write_json(METRICS / "combined.json", figures.measure(scored, counts))
    alone = {name: held_out(read_parts(SMOOTHED / name), table) for name in params.systems}
    best = systems.best_single(alone, labels, missing)
    single = systems.singles(best, alone)
    steps = [
        Step(SINGLE, ", ".join(f"{task} {system}" for task, system in best.items()), single),
        Step(ENSEMBLE, used, mixed),
        Step(SMOOTH, used, final),
    ]
    margin = changes(labelled.join(labels, single, missing)[0], scored)
    scores = {"steps": score_steps(labels, steps, missing), "margin": margin}
    write_json(SCORES / "combined.json", measured(scores), digits=None)


if __name__ == "__main__":
    main(run)
