"""How much there is to learn from: trials and frames of each task, counted or published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import SPLITS, TASKS
from stages.core.paths import INDEX

SPLIT_COLUMNS = {"AU": "au_split", "EXPR": "expr_split", "VA": "va_split"}


class Count(NamedTuple):
    """Trials and labelled frames of a task's split."""

    trials: int
    frames: int


class Counts(NamedTuple):
    """`of[task, split]`; all labelled `frames` and their `videos`; `seconds` of sound.

    `told`: where the figures are from.
    """

    of: Mapping[tuple[str, str], Count]
    videos: int
    frames: int
    seconds: float
    told: str

    def known(self, task: str, split: str = "train") -> int:
        """Labelled frames."""
        return self.of[task, split].frames


VIDEOS, FRAMES = 548, 2_813_201  # Jin et al. 2021, 4.1; Fan et al. 2021, 3.1
RATE = 30.0  # frames a second of most videos
# Trials in the lists of the release of 2021, training and validation, and of its test sets, which have no labels.
# Frames of a split are not published: they are taken as its share of the trials.
TRIALS = {"AU": (305, 105), "EXPR": (253, 71), "VA": (351, 71)}
TESTED = {"AU": 131, "EXPR": 223, "VA": 139}


def affwild2() -> Counts:
    """Aff-Wild2 as published: 548 videos with 2,813,201 frames, a task's frames in proportion to its trials."""
    of = {
        (task, split): Count(count, round(FRAMES * count / (sum(TRIALS[task]) + TESTED[task])))
        for task in TASKS
        for split, count in zip(SPLITS, TRIALS[task], strict=True)
    }
    told = "Aff-Wild2 as published; frames of a split by its share of the trials"
    return Counts(of, VIDEOS, FRAMES, FRAMES / RATE, told)


def indexed(path: Path = INDEX) -> Counts:
    """What the frame table holds. Errors: UserError where there is none."""
    if not path.is_file():
        raise UserError(
            f"{path}: missing; run `dvc repro index` for the counts of your corpus, or give --counts affwild2"
        )
    table = pd.read_parquet(path, columns=["trial", "video", "frame", *SPLIT_COLUMNS.values()])
    of = {(task, split): _count(table, task, split) for task in TASKS for split in SPLITS}
    longest = table.groupby("video")["frame"].max().sum()
    return Counts(of, table["video"].nunique(), len(table), float(longest) / RATE, f"{path}")


def _count(table: pd.DataFrame, task: str, split: str) -> Count:
    own = table.loc[table[SPLIT_COLUMNS[task]] == split, "trial"]
    return Count(own.nunique(), len(own))
