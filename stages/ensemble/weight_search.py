"""Weights of several models' outputs, searched over a grid (Fan et al. 2021, 2: a weighted sum of models).

The paper does not say how its weights were found. Here a unit leaves its start only for a weighting that is
better by the margin whichever one video is left out (see `steady`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, VA_NAMES
from stages.ensemble import weight_grid
from stages.scoring.robust_choice import choose, steady
from stages.scoring.tables.labelled import UNITS, Scored, predicted_units, task_scores
from stages.scoring.tables.measures import Criterion, concordance, expression_measure, unit_measures
from stages.scoring.tables.sums import Sums

Start = Literal["leader", "best", "mean"]
PASSES = 3  # over the expressions; after one or two nothing changes


class Rules(NamedTuple):
    """How weights are searched: spacing of the grid, what is maximised, the gain that counts.

    `start`: what a unit leaves only for a better weighting: the "leader", the one member that is best over
    all tasks; the "best" single member for the unit, also where the leader does not predict it; or the equal
    "mean" of those that the best one does not beat by the margin whichever one video is left out.
    """

    step: float
    criterion: Criterion
    margin: float
    start: Start


def unit_weights(members: Sequence[Scored], rules: Rules) -> dict[str, Sums]:
    """Weights [members] of each unit, from the members' predictions on the same rows.

    A member that does not predict a unit weighs 0; a unit that none predicts is absent.
    """
    videos, first = _videos(members[0]), leader(members, rules.criterion)
    found: dict[str, Sums] = {}
    for unit in UNITS:
        able = [unit in predicted_units(member) for member in members]
        own = [member for member, can in zip(members, able, strict=True) if can]
        if own:
            place = sum(able[:first]) if able[first] else None
            found[unit] = np.zeros(len(members))
            found[unit][able] = _unit_weights(unit, own, videos, rules, place)
    return found


def leader(members: Sequence[Scored], criterion: Criterion) -> int:
    """The member with the highest sum over the tasks; a task that it does not predict counts nothing."""
    return int(np.argmax([np.nansum(list(task_scores(member, criterion).values())) for member in members]))


def _unit_weights(
    unit: str, members: Sequence[Scored], videos: list[NDArray[np.intp]], rules: Rules, first: int | None
) -> Sums:
    """Weights [members]; `first`: place of the leader among them, if it is one."""
    weightings = weight_grid.simplex(len(members), rules.step)
    scores = _unit_scores(unit, members, videos, weightings, rules.criterion)
    return weightings[_pick(scores, _start(scores, weightings, rules, first), rules.margin)]


def _videos(scored: Scored) -> list[NDArray[np.intp]]:
    """Rows of each trial."""
    return list(scored.trials.reset_index(drop=True).groupby(scored.trials.to_numpy()).indices.values())


def _unit_scores(
    unit: str,
    members: Sequence[Scored],
    videos: list[NDArray[np.intp]],
    weightings: Sums,
    criterion: Criterion,
) -> Sums:
    """Scores [folds, options] of a unit, each video left out in turn."""
    truth = members[0]
    if unit in AU_NAMES:
        place = AU_NAMES.index(unit)
        said = np.stack([expit(_column(member, AU_LOGITS[place])) for member in members])
        each = [weight_grid.unit_sums(truth.units[rows, place], said[:, rows], weightings) for rows in videos]
        return np.asarray(unit_measures(_without_each(each), criterion))
    if unit in VA_NAMES:
        place = VA_NAMES.index(unit)
        said = np.stack([_column(member, unit) for member in members])
        each = [weight_grid.moment_sums(truth.va[rows, place], said[:, rows], weightings) for rows in videos]
        return concordance(_without_each(each))
    said = _expressions(members)
    each = [weight_grid.confusions(truth.expressions[rows], said[:, rows], weightings) for rows in videos]
    return expression_measure(_without_each(each), criterion)


def _column(scored: Scored, name: str) -> Sums:
    return scored.predicted[name].to_numpy(np.float64)


def _expressions(members: Sequence[Scored]) -> Sums:
    """Probabilities [members, N, 7]."""
    logits = [member.predicted[list(EXPRESSION_LOGITS)].to_numpy(np.float64) for member in members]
    return np.asarray(softmax(np.stack(logits), axis=-1), np.float64)


def _without_each(sums: Sequence[Sums]) -> Sums:
    """Sums over all videos but one [folds, ...], from the videos' own."""
    return np.asarray(np.tensordot(1 - np.eye(len(sums)), np.stack(sums), axes=1), dtype=np.float64)


def _start(scores: Sums, weightings: Sums, rules: Rules, first: int | None) -> int:
    """Row of the leader, of the best single member, or of the mean of those it does not steadily beat."""
    if rules.start == "leader" and first is not None:
        return first  # the grid begins with the single members
    members = weightings.shape[1]
    singles = np.nan_to_num(scores[:, :members], nan=-1.0)
    best = int(singles.mean(axis=0).argmax())
    if rules.start != "mean":
        return best
    peers = (singles[:, [best]] - singles).min(axis=0) <= rules.margin
    return int(np.abs(weightings - peers / peers.sum()).sum(axis=1).argmin())


def _pick(scores: Sums, start: int, margin: float) -> int:
    """Option (column of scores [folds, options]) that is steadily better than `start`, or `start`."""
    table = steady([column[:, None] for column in scores.T], start, ["unit"])
    return int(choose(table, start, margin)["unit"])


def class_weights(members: Sequence[Scored], start: Sums, rules: Rules) -> dict[str, Sums]:
    """Weights [members] of each expression's probability, judged by the measure of all expressions.

    Class by class, the others as they stand, until none changes. `start` [members]: weights of every class at
    first; members that weigh nothing there because they predict no expression stay out.
    """
    able = ["EXPR" in predicted_units(member) for member in members]
    own = [member for member, can in zip(members, able, strict=True) if can]
    weightings = weight_grid.simplex(len(own), rules.step)
    said, first = _expressions(own), int(np.abs(weightings - start[able]).sum(axis=1).argmin())
    rows = _climb(own[0], said, weightings, [first] * len(EXPRESSIONS), rules)
    found: dict[str, Sums] = {name: np.zeros(len(members)) for name in EXPRESSIONS}
    for name, row in zip(EXPRESSIONS, rows, strict=True):
        found[name][able] = weightings[row]
    return found


def _climb(truth: Scored, said: Sums, weightings: Sums, rows: list[int], rules: Rules) -> list[int]:
    """Row of `weightings` for each class, from probabilities [members, N, 7], starting at `rows`."""
    videos = _videos(truth)
    mixed = np.stack([weightings[row] @ said[:, :, label] for label, row in enumerate(rows)], axis=1)
    for _ in range(PASSES):
        before = list(rows)
        for label, row in enumerate(rows):
            own = said[:, :, label]
            each = [
                weight_grid.class_confusions(truth.expressions[at], mixed[at], label, own[:, at], weightings)
                for at in videos
            ]
            rows[label] = _pick(expression_measure(_without_each(each), rules.criterion), row, rules.margin)
            mixed[:, label] = weightings[rows[label]] @ own
        if rows == before:
            break
    return rows
