"""Prediction tables of all checkpoints that an ensemble may draw on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.core.epochs import epoch_of
from stages.core.errors import UserError
from stages.scoring.robust_choice import fold_scores
from stages.scoring.tables import labelled, measures
from stages.scoring.tables.sums import Sums


class Candidate(NamedTuple):
    """One checkpoint of one network (a step) of a system."""

    system: str
    step: str
    checkpoint: str

    def path(self, root: Path) -> Path:
        """Where its predictions lie below the predictions folder."""
        return root / self.system / self.step / f"{self.checkpoint}.parquet"

    def scored(self, root: Path, rows: pd.DataFrame) -> labelled.Scored:
        """Its predictions beside the labels of `rows`, validation frames; those without a face left out."""
        return scored_file(self.path(root), rows)


def scored_file(path: Path, rows: pd.DataFrame, missing: labelled.Missing = "drop") -> labelled.Scored:
    """A prediction table beside the labels of `rows`."""
    return labelled.join(rows, pd.read_parquet(path), missing)[0]


def find(root: Path, system: str, networks: Sequence[str]) -> list[Candidate]:
    """Candidates in the order of `networks` (simplest first), and within one the longest trained first.

    Errors: UserError where a network has no predictions, or a file of another name among them.
    """
    return [Candidate(system, step, name) for step in networks for name in _checkpoints(root, system, step)]


def _checkpoints(root: Path, system: str, step: str) -> list[str]:
    folder = root / system / step
    found = sorted((path.stem for path in folder.glob("*.parquet")), key=epoch_of, reverse=True)
    if not found:
        raise UserError(
            f"{folder}: no predictions; run the stage that trains {system}-{step}, or take {step} out of "
            f"{system}.ensemble.networks in params.yaml"
        )
    return found


def chosen(root: Path, system: str, networks: Iterable[str]) -> list[Candidate]:
    """One checkpoint a network: the one that the card beside its predictions names.

    A card's choice rests on the selection half, or for a fold on the training videos that it left out.
    Errors: UserError where a network has no card.
    """
    return [Candidate(system, step, _chosen(root / system / step / "card.json")) for step in networks]


def _chosen(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"{path}: missing; run the stage that trains this network first")
    name: str = json.loads(path.read_text())["chosen"]
    return name


class Ratings(NamedTuple):
    """Of each candidate: a row of `table`, its `fold_scores`, and the units that it predicts.

    `table`: system, step, checkpoint, `overall` (mean over its tasks), `UNITS`.
    """

    table: pd.DataFrame
    folds: list[Sums]
    able: list[set[str]]


def rate(
    found: Iterable[Candidate], root: Path, rows: pd.DataFrame, criterion: measures.Criterion
) -> Ratings:
    """Ratings of the candidates, each of whose tables is read once.

    `rows`: the validation frames to choose on; those without a face do not count. All by `criterion`.
    """
    each = []
    for candidate in found:
        scored = candidate.scored(root, rows)
        scores = _scores(candidate, scored, criterion)
        each.append((scores, fold_scores(scored, criterion), labelled.predicted_units(scored)))
    scores_, folds, able = (list(part) for part in zip(*each, strict=True))
    return Ratings(pd.DataFrame(scores_), folds, able)


def _scores(candidate: Candidate, scored: labelled.Scored, criterion: measures.Criterion) -> dict[str, Any]:
    overall = measures.mean(np.array(list(labelled.task_scores(scored, criterion).values())))
    return {**candidate._asdict(), "overall": overall, **labelled.unit_scores(scored, criterion)}


def best(ratings: pd.DataFrame) -> Candidate:
    """The single checkpoint with the best overall score; of equals the simplest. `ratings`: their table."""
    row = ratings.loc[ratings["overall"].fillna(-1.0).idxmax()]
    return Candidate(row["system"], row["step"], row["checkpoint"])
