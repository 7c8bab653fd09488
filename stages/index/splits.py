"""Who trains and who validates: every task has its own split, and they must not leak into each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import SPLITS, TASKS


def check_splits(tracks: pd.DataFrame) -> list[str]:
    """Trials that a task has in both splits, one sentence each. `tracks`: task, split, trial, path."""
    paths = tracks.groupby(["task", "trial"])["path"].agg(list)
    return [
        f"{' and '.join(places)}: {trial} is in training and validation of {task}; remove one of the files"
        for (task, trial), places in paths.items()
        if len(places) > 1
    ]


def cross_task_leaks(tracks: pd.DataFrame, rule: str) -> pd.Series:
    """Which tracks leave so that no task validates on a video that another one trains on (bool a track).

    `tracks`: one row a task and trial, with columns task, split, video. `rule`: "train" takes the videos that
    any other task validates on out of a task's training set and leaves all validation sets whole;
    "validation" is the other way round; "keep" removes nothing. Two people in one video go together.
    Source: Jin et al. 2021, section 4.1, between AU and EXPR; here between all tasks.
    """
    if rule == "keep":
        return pd.Series(False, index=tracks.index)
    other_split = {"train": "validation", "validation": "train"}[rule]
    leaks = pd.Series(False, index=tracks.index)
    for task in TASKS:
        others = tracks.loc[(tracks["task"] != task) & (tracks["split"] == other_split), "video"]
        leaks |= (tracks["task"] == task) & (tracks["split"] == rule) & tracks["video"].isin(others)
    return leaks


def empty_split(tracks: pd.DataFrame, tasks: Iterable[str]) -> str | None:
    """The first of the tasks' splits without a labelled frame, in words. `tracks`: task, split, labelled."""
    frames = tracks.groupby(["task", "split"])["labelled"].sum()
    for task, split in product(tasks, SPLITS):
        if not frames.get((task, split), 0):
            return f"the {split} split of {task}"
    return None


def require_filled(tracks: pd.DataFrame, removed: pd.Series) -> None:
    """Every task that has files has labelled frames in both splits, also without the removed tracks.

    Errors: UserError naming the task and the split.
    """
    tasks = [task for task in TASKS if task in set(tracks["task"])]
    if empty := empty_split(tracks, tasks):
        raise UserError(f"{empty} has no labelled frame; add annotation files or leave the task out")
    if empty := empty_split(tracks[~removed], tasks):
        raise UserError(f"{empty} is empty after index.cross_task; set index.cross_task to keep")
