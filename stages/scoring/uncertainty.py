"""How far a change between two prediction tables may be chance: a paired bootstrap over videos.

Frames of one video are alike, so videos are drawn, not frames.
"""

from __future__ import annotations

import numpy as np

from stages.core.labels import TASKS
from stages.scoring.tables.labelled import Scored
from stages.scoring.tables.sums import Sums
from stages.scoring.video_sums import by_video, official, weigh

DRAWS = 1000


def change_error(before: Scored, after: Scored) -> dict[str, float]:
    """Standard error of the change of each task's ABAW2 measure; NaN for one video or no score."""
    names = sorted({*before.trials} & {*after.trials})
    if len(names) < 2:
        return dict.fromkeys(TASKS, float("nan"))
    weights = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)
    draws = [official(weigh(weights, by_video(scored, names))) for scored in (before, after)]
    return {task: _spread(draws[1][task] - draws[0][task]) for task in draws[0]}


def _spread(changes: Sums) -> float:
    known = changes[~np.isnan(changes)]
    return float(known.std()) if len(known) else float("nan")
