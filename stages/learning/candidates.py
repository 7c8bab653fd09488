"""Prediction tables of all checkpoints that an ensemble may choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.errors import UserError
from stages.learning import measures, scoring
from stages.learning.smoothing import COLUMNS

STEPS = ("visual", "audio", "sequence")  # the chain; each adds to the one before


class Candidate(NamedTuple):
    """One checkpoint of one step of a system, and where its predictions lie below the predictions folder."""

    system: str
    step: str
    checkpoint: str

    def read(self, root: Path) -> pd.DataFrame:
        """Its predictions, one row a validation frame with a face."""
        return pd.read_parquet(root / self.system / self.step / f"{self.checkpoint}.parquet")

    def scored(self, root: Path, rows: pd.DataFrame) -> scoring.Scored:
        """Its predictions beside the labels of `rows`, validation frames; those without a face left out."""
        return scoring.join(rows, self.read(root), "drop")[0]


def find(root: Path, systems: Iterable[str]) -> list[Candidate]:
    """Candidates, simplest first: by step, and within a step the longest trained.

    Errors: UserError where a system has no predictions.
    """
    found: list[Candidate] = []
    for system in systems:
        own = [Candidate(system, step, name) for step in STEPS for name in _checkpoints(root / system / step)]
        if not own:
            raise UserError(f"{root / system}: no predictions of {', '.join(STEPS)}; run the stages before")
        found += own
    return sorted(found, key=lambda candidate: STEPS.index(candidate.step))


def _checkpoints(folder: Path) -> list[str]:
    return sorted((path.stem for path in folder.glob("*.parquet")), reverse=True)


def rate(
    found: Iterable[Candidate], root: Path, rows: pd.DataFrame, criterion: scoring.Criterion
) -> pd.DataFrame:
    """One row a candidate: system, step, checkpoint, `overall` (mean of the tasks' ABAW2 measures), `UNITS`.

    `rows`: the validation frames to choose on; those without a face do not count.
    """
    return pd.DataFrame([_scores(candidate, root, rows, criterion) for candidate in found])


def _scores(
    candidate: Candidate, root: Path, rows: pd.DataFrame, criterion: scoring.Criterion
) -> dict[str, Any]:
    scored = candidate.scored(root, rows)
    overall = measures.mean(np.array(list(scoring.official(scored).values())))
    return {**candidate._asdict(), "overall": overall, **scoring.unit_scores(scored, criterion)}


def best(ratings: pd.DataFrame) -> Candidate:
    """The single checkpoint with the best overall score; of equals the simplest."""
    row = ratings.loc[ratings["overall"].fillna(-1.0).idxmax()]
    return Candidate(row["system"], row["step"], row["checkpoint"])


def compose(chosen: Mapping[str, Candidate], root: Path) -> pd.DataFrame:
    """One prediction table whose columns come from the candidate chosen for each unit.

    Errors: UserError where the candidates' frames differ.
    """
    tables = {candidate: candidate.read(root) for candidate in sorted(set(chosen.values()))}
    keys = next(iter(tables.values()))[scoring.KEYS]
    for candidate, table in tables.items():
        if not table[scoring.KEYS].equals(keys):
            raise UserError(f"{root}: {'/'.join(candidate)} and another checkpoint predict other frames")
    columns = {name: tables[chosen[unit]][name] for unit, names in COLUMNS.items() for name in names}
    return keys.assign(**columns)
