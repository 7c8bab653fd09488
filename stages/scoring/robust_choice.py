"""Choosing one option (a checkpoint, a width, a weighting) for each unit without falling for noise.

Dozens of checkpoints compete for each unit on a few videos, and frames of one video are alike: the winner is
often the luckiest. So a gain counts as what remains of it whichever one video is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stages.scoring.tables import labelled
from stages.scoring.tables.sums import Sums
from stages.scoring.video_sums import VideoSums, by_video, unit_scores, weigh


def fold_scores(scored: labelled.Scored, criterion: labelled.Criterion) -> Sums:
    """Scores [trials, units] (columns: `labelled.UNITS`) with each trial left out in turn."""
    return without_each(by_video(scored, sorted(set(scored.trials))), criterion)


def without_each(videos: VideoSums, criterion: labelled.Criterion) -> Sums:
    """As `fold_scores`, from the sums of the videos."""
    left_out = 1 - np.eye(len(videos.units), dtype=np.int64)
    return unit_scores(weigh(left_out, videos), criterion)


def steady(folds: Sequence[Sums], default: int, units: Sequence[str] = labelled.UNITS) -> pd.DataFrame:
    """Scores [options, units] as `choose` takes them: the default's, plus the least gain over it.

    `folds`: for each option its `fold_scores`; `default`: the option that the others must beat. Where the
    default has no score, the least score of the others; NaN where a unit cannot be scored at all.
    """
    scores = np.stack(folds)
    base = scores[default]
    unknown = np.isnan(base).all(axis=0)
    floor = np.where(
        unknown, 0.0, np.nan_to_num(base).sum(axis=0) / np.maximum((~np.isnan(base)).sum(axis=0), 1)
    )
    gains = scores - np.where(unknown, 0.0, base)
    return pd.DataFrame(floor + _least(gains), columns=list(units))


def _least(gains: Sums) -> Sums:
    """Least over the folds [options, folds, units]; NaN where no fold has a score."""
    least = np.where(np.isnan(gains), np.inf, gains).min(axis=1)
    return np.where(np.isinf(least), np.nan, least)


def choose(scores: pd.DataFrame, default: Hashable, margin: float) -> dict[str, Any]:
    """Option of each unit (column), from scores [options, units] on the videos to choose on.

    A unit leaves `default` only for an option that is better by more than `margin`; equal options are taken
    in the order of the rows, so put the simplest first. A unit that `default` does not predict (NaN) takes
    its best option; one that cannot be scored keeps `default`.
    """
    return {str(unit): _choice(scores[unit], default, margin) for unit in scores}


def _choice(column: pd.Series, default: Hashable, margin: float) -> Hashable:
    if column.isna().all():
        return default
    best, base = column.idxmax(), column[default]
    return best if pd.isna(base) or column[best] > base + margin else default
