"""Sums over the frames of each video: drawing videos, leaving one out or adding them up only weighs these."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.labels import AU_LOGITS, EXPRESSION_LOGITS, VA_NAMES
from stages.scoring.tables import measures, sums
from stages.scoring.tables.labelled import Scored
from stages.scoring.tables.measures import Criterion
from stages.scoring.tables.sums import Sums


class VideoSums(NamedTuple):
    """Sums over frames, of each video in its first axis or axes.

    units [..., 12, 5], confusion [..., 7, 7], moments [..., 2, 6]: as `sums` has them.
    """

    units: Sums
    confusion: Sums
    moments: Sums


def by_video(scored: Scored, names: list[str]) -> VideoSums:
    """Sums of the named trials, one after the other in the first axis."""
    video = pd.Categorical(scored.trials, names).codes.astype(np.intp)
    rows = np.flatnonzero(video >= 0)
    of, count, own = video[rows], len(names), scored.predicted.iloc[rows]
    units, faces, values = (own[list(part)].to_numpy() for part in (AU_LOGITS, EXPRESSION_LOGITS, VA_NAMES))
    va, borders = scored.va[rows], np.cumsum(np.bincount(of, minlength=count))[:-1]
    each = [sums.moments(va[at], values[at]) for at in np.split(np.argsort(of, kind="stable"), borders)]
    return VideoSums(
        sums.unit_sums_of(scored.units[rows], units, of, count),
        sums.confusion_of(scored.expressions[rows], faces, of, count),
        np.stack(each),
    )


def weigh(weights: NDArray[np.integer], videos: VideoSums) -> VideoSums:
    """Weighted sums over videos: weights [draws, videos] → sums with draws in the first axis."""
    return VideoSums(*(np.tensordot(weights, part, axes=1) for part in videos))


def chosen_videos(videos: VideoSums, places: NDArray[np.intp]) -> VideoSums:
    """Sums of some of the videos."""
    return VideoSums(*(part[places] for part in videos))


def total(videos: VideoSums) -> VideoSums:
    """Sums over all videos."""
    return VideoSums(*(part.sum(axis=0) for part in videos))


def task_scores(videos: VideoSums, criterion: Criterion) -> dict[str, Sums]:
    """The measure of each task from sums, as `labelled.task_scores` has them from frames."""
    return {
        "AU": measures.au_measure(videos.units, criterion),
        "EXPR": measures.expression_measure(videos.confusion, criterion),
        "VA": measures.means(measures.concordance(videos.moments)),
    }


def unit_scores(videos: VideoSums, criterion: Criterion) -> Sums:
    """[..., units] from sums, as `labelled.unit_scores` has them from frames, in the order of its `UNITS`."""
    faces = measures.expression_measure(videos.confusion, criterion)[..., None]
    units, values = measures.unit_measures(videos.units, criterion), measures.concordance(videos.moments)
    return np.concatenate([units, faces, values], axis=-1)
