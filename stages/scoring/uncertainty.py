"""How far figures, and changes between two prediction tables, may be chance: a bootstrap over videos.

Frames of one video are alike, so videos are drawn, not frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.core.labels import TASKS
from stages.scoring.tables.labelled import Scored
from stages.scoring.tables.sums import Sums
from stages.scoring.video_sums import VideoSums, by_video, task_scores, weigh

DRAWS = 1000
ENDS = (2.5, 97.5)  # percentiles
NAN = float("nan")


class Interval(NamedTuple):
    """95 % of the draws of the videos lie within."""

    low: float
    high: float


def intervals(scored: Scored) -> dict[str, Interval]:
    """Of each task's ABAW2 measure; NaN for one video or no score."""
    names = sorted({*scored.trials})
    if len(names) < 2:
        return dict.fromkeys(TASKS, Interval(NAN, NAN))
    return {task: _ends(draws) for task, draws in _drawn(by_video(scored, names)).items()}


def change_error(before: Scored, after: Scored) -> dict[str, float]:
    """Standard error of the change of each task's ABAW2 measure; NaN for one video or no score."""
    names: Sequence[str] = sorted({*before.trials} & {*after.trials})
    if len(names) < 2:
        return dict.fromkeys(TASKS, NAN)
    was, now = (_drawn(by_video(scored, list(names))) for scored in (before, after))
    return {task: _spread(now[task] - was[task]) for task in was}


def _drawn(videos: VideoSums) -> dict[str, Sums]:
    """ABAW2 measures [draws] of videos drawn with replacement; the same draws for as many videos."""
    count = len(videos.units)
    weights = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), DRAWS)
    return task_scores(weigh(weights, videos), "score")


def _ends(draws: Sums) -> Interval:
    known = draws[~np.isnan(draws)]
    return Interval(*np.percentile(known, ENDS).tolist()) if len(known) else Interval(NAN, NAN)


def _spread(changes: Sums) -> float:
    known = changes[~np.isnan(changes)]
    return float(known.std()) if len(known) else NAN
