"""Which epochs of a training stay on disk: those that an ensemble may choose, and the one that is chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf, isnan
from pathlib import Path
from typing import get_args

import numpy as np

from stages.core.epochs import checkpoint_name
from stages.core.files import write_json
from stages.scoring.tables import labelled, measures

Rating = dict[str, float]
CHOSEN = "chosen"  # the figure that the one checkpoint of a step is chosen by


def rating(parts: Mapping[str, labelled.Scored], chosen_by: float) -> Rating:
    """Every figure that a checkpoint may be chosen by: of each unit and over all tasks, by each criterion.

    `parts`: predictions on each half of the validation videos and on all; `chosen_by`: what the step's one checkpoint
    is chosen by.
    """
    found = {CHOSEN: chosen_by}
    for name, scored in parts.items():
        found |= {f"{name} {figure}": score for figure, score in _figures(scored).items()}
    return found


def _figures(scored: labelled.Scored) -> Rating:
    official = labelled.official(scored)
    found = {"AU and EXPR": measures.mean(np.array([official[task] for task in ("AU", "EXPR")]))}
    for criterion in get_args(measures.Criterion):
        units = labelled.unit_scores(scored, criterion)
        tasks = labelled.task_scores(scored, criterion)
        found |= {f"{criterion} {unit}": score for unit, score in units.items()}
        found[f"{criterion} overall"] = measures.mean(np.array(list(tasks.values())))
    return found


def thin_out(state: Path, epoch: int, own: Rating, keep: int) -> None:
    """Note an epoch's rating and delete the weights and predictions of the epochs that are no longer wanted.

    A better epoch never brings back a worse one, so that none is missed later. Done again after a kill, it does
    the same.
    """
    ratings = {number: told for number, told in _read(state).items() if number < epoch} | {epoch: own}
    write_json(_path(state), ratings, digits=None)
    for number in set(ratings) - best(ratings, keep):
        for file in state.glob(f"*/{checkpoint_name(number)}.*"):
            file.unlink()


def best(ratings: Mapping[int, Rating], count: int) -> set[int]:
    """Epochs among the best `count` by any figure.

    Of equals the longest trained, as an ensemble takes them; of those that the step's one is chosen by the first,
    even where nothing could be measured.
    """
    kept: set[int] = set()
    for figure in next(iter(ratings.values())):
        scores = {number: own[figure] for number, own in ratings.items()}
        kept |= _leading(scores, count, first=figure == CHOSEN)
    return kept


def _leading(scores: Mapping[int, float], count: int, first: bool) -> set[int]:
    known = {n: -inf if isnan(score) else score for n, score in scores.items() if first or not isnan(score)}
    return set(sorted(known, key=lambda n: (-known[n], n if first else -n))[:count])


def _read(state: Path) -> dict[int, Rating]:
    path = _path(state)
    told = json.loads(path.read_text()) if path.exists() else {}
    return {int(n): {k: np.nan if v is None else v for k, v in own.items()} for n, own in told.items()}


def _path(state: Path) -> Path:
    return state / "ratings.json"
