"""Halves of the validation videos: what is chosen on one is scored on the other, and the reverse.

Choosing and scoring on the same videos flatters; so every choice is made twice, and each video is scored by the one
that it had no part in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, EXPRESSIONS

FIRST, SECOND = "first", "second"
HALVES = (FIRST, SECOND)
STARTS = 128  # random starts of the search; 20 videos reach their optimum from about 10


def halves(frame_table: pd.DataFrame) -> dict[str, str]:
    """Half ("first" or "second") of each validation trial, from the frame table alone.

    Trials of one video stay together. Both halves hold every AU, every expression and every task as far as
    the videos allow, in shares as even as can be found; the same table always gives the same halves.
    Errors: UserError when fewer than two videos have validation labels.
    """
    shares = _shares(frame_table)
    if len(shares) < 2:
        raise UserError(
            f"frame table: {len(shares)} validation video(s); choosing and scoring apart needs two, "
            "add validation annotations"
        )
    sides = _balance(shares.to_numpy())
    half = dict(zip(shares.index, np.where(sides > 0, FIRST, SECOND).tolist(), strict=True))
    trials = _validation(frame_table)[["trial", "video"]].drop_duplicates().sort_values("trial")
    return {trial: half[video] for trial, video in zip(trials["trial"], trials["video"], strict=True)}


def half_of(trials: pd.Series, sides: Mapping[str, str], half: str) -> pd.Series:
    """Mask [N] of the rows of one half, for a column of trial names [N]."""
    return trials.map(sides).eq(half)


def _validation(table: pd.DataFrame) -> pd.DataFrame:
    splits = table[["au_split", "expr_split", "va_split"]]
    return table[splits.eq("validation").any(axis=1)]


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Each validation video's share of what is to be split [videos, units]; columns sum to one."""
    table = _validation(table)
    tasks = {task: table[f"{task}_split"].eq("validation") for task in ("au", "expr", "va")}
    units = pd.DataFrame(tasks)
    for name in AU_NAMES:
        units[name] = tasks["au"] & table[name].eq(1)
    for label, name in enumerate(EXPRESSIONS):
        units[name] = tasks["expr"] & table["expression"].eq(label)
    counts = units.groupby(table["video"]).sum().sort_index()
    counts = counts.loc[:, counts.sum() > 0]
    return counts / counts.sum()


def _balance(shares: np.ndarray) -> np.ndarray:
    """Signs [videos] (+1, −1) with the lowest cost found by single flips from seeded random starts."""
    draws = np.random.default_rng(0).integers(0, 2, (STARTS, len(shares))) * 2 - 1
    found = [_descend(signs, shares) for signs in draws]
    costs = [round(float(_cost(signs @ shares)), 9) for signs in found]
    best = found[int(np.argmin(costs))]
    return best * best[0]  # the mirror image costs the same: the first video is always of the first half


def _descend(signs: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Flip the video that lowers the cost most until none does."""
    while True:
        balance = signs @ shares
        flipped = _cost(balance - 2 * signs[:, None] * shares)
        best = int(np.argmin(flipped))
        if flipped[best] >= _cost(balance) - 1e-9:
            return signs
        signs = np.where(np.arange(len(signs)) == best, -signs, signs)


def _cost(balance: np.ndarray) -> np.ndarray:
    """Squared imbalance over units [..., units] → [...]; a unit that one half lacks outweighs all else."""
    lacking = np.abs(balance) > 1 - 1e-9
    return (balance**2).sum(axis=-1) + balance.shape[-1] * lacking.sum(axis=-1)
