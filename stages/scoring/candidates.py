"""Prediction tables of all checkpoints that an ensemble may draw on, and how they score."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.core.epochs import epoch_of
from stages.core.errors import UserError
from stages.scoring.robust_choice import without_each
from stages.scoring.tables import labelled, measures
from stages.scoring.tables.sums import Sums
from stages.scoring.video_sums import VideoSums, by_video, chosen_videos, task_scores, total, unit_scores

JUDGED_BY = ("AU", "EXPR")  # a network's checkpoint


class Candidate(NamedTuple):
    """One checkpoint of one network (a step) of a system."""

    system: str
    step: str
    checkpoint: str

    def path(self, root: Path) -> Path:
        """Where its predictions lie below the predictions folder."""
        return root / self.system / self.step / f"{self.checkpoint}.parquet"


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


class Summed(NamedTuple):
    """Of each candidate its sums over each of the `names` of trials, and the units that it predicts."""

    found: list[Candidate]
    names: list[str]
    videos: list[VideoSums]
    able: list[set[str]]


def summed(found: Sequence[Candidate], root: Path, rows: pd.DataFrame) -> Summed:
    """Sums of the candidates over `rows`, validation frames; each table is read once, faceless frames left out."""
    names = sorted(rows["trial"].unique())
    each = [scored_file(candidate.path(root), rows) for candidate in found]
    return Summed(
        list(found),
        names,
        [by_video(scored, names) for scored in each],
        [labelled.predicted_units(scored) for scored in each],
    )


class Ratings(NamedTuple):
    """Of each candidate: a row of `table`, its scores without each video in turn, and the units that it predicts.

    `table`: system, step, checkpoint, `overall` (mean over its tasks), `judged` (mean of AU and EXPR by the ABAW2
    measures), `UNITS`.
    """

    table: pd.DataFrame
    folds: list[Sums]
    able: list[set[str]]


def rate(of: Summed, trials: Iterable[str], criterion: measures.Criterion) -> Ratings:
    """Ratings of the candidates on some of the trials, by `criterion`."""
    wanted = set(trials)
    places = np.array([place for place, name in enumerate(of.names) if name in wanted], np.intp)
    own = [chosen_videos(videos, places) for videos in of.videos]
    rows = [_row(one, videos, criterion) for one, videos in zip(of.found, own, strict=True)]
    return Ratings(pd.DataFrame(rows), [without_each(videos, criterion) for videos in own], of.able)


def _row(candidate: Candidate, videos: VideoSums, criterion: measures.Criterion) -> dict[str, Any]:
    whole = total(videos)
    official, scores = task_scores(whole, "score"), task_scores(whole, criterion)
    return {
        **candidate._asdict(),
        "overall": measures.mean(np.array(list(scores.values()))),
        "judged": measures.mean(np.array([official[task] for task in JUDGED_BY])),
        **dict(zip(labelled.UNITS, unit_scores(whole, criterion).tolist(), strict=True)),
    }


def best(ratings: pd.DataFrame) -> Candidate:
    """The single checkpoint with the best overall score; of equals the simplest. `ratings`: their table."""
    row = ratings.loc[ratings["overall"].fillna(-1.0).idxmax()]
    return Candidate(row["system"], row["step"], row["checkpoint"])


def standing(root: Path, system: str, networks: Iterable[str], ratings: pd.DataFrame) -> list[Candidate]:
    """One checkpoint a network: the one that its card says stands for it.

    Where that was chosen on validation videos, it is the best of AU and EXPR on those that `ratings` are of, of equals
    the first. Errors: UserError where a network has no card.
    """
    return [_standing(root, system, step, ratings) for step in networks]


def _standing(root: Path, system: str, step: str, ratings: pd.DataFrame) -> Candidate:
    path = root / system / step / "card.json"
    if not path.is_file():
        raise UserError(f"{path}: missing; run the stage that trains this network first")
    card = json.loads(path.read_text())
    if card.get("chosen_on") != "validation":
        return Candidate(system, step, card["chosen"])
    own = ratings[ratings["step"].eq(step)][::-1]  # the first epoch first
    return Candidate(system, step, own.loc[own["judged"].fillna(-1.0).idxmax(), "checkpoint"])
