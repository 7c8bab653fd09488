"""A selection: which checkpoints' outputs make up each unit's prediction, and with what weights.

Several sources are averaged as probabilities (Fan et al. 2021, 2: "weighted summation among each model") and
stored as logits again, so that every later stage reads one kind of table; a single one is taken as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from stages.core.errors import UserError
from stages.core.files import DIGITS
from stages.core.labels import AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, PREDICTION_COLUMNS
from stages.scoring.candidates import Candidate
from stages.scoring.tables.labelled import COLUMNS, KEYS

Floats = NDArray[np.float64]


class Source(NamedTuple):
    """A checkpoint and its share of a unit's prediction."""

    system: str
    step: str
    checkpoint: str
    weight: float

    @property
    def candidate(self) -> Candidate:
        """The checkpoint alone."""
        return Candidate(self.system, self.step, self.checkpoint)


# Unit ("AU1" … "AU26", "EXPR" or each expression by name, "valence", "arousal") → its sources. A unit that
# nothing predicts is absent.
Selection = Mapping[str, Sequence[Source]]


def weighted(candidates: Sequence[Candidate], weights: Sequence[float]) -> list[Source]:
    """Sources of the candidates whose weight is not zero; weights as a file holds them, rounded."""
    return [
        Source(*own, round(float(weight), DIGITS))
        for own, weight in zip(candidates, weights, strict=True)
        if weight
    ]


def describe(selection: Selection) -> dict[str, list[dict[str, str | float]]]:
    """The selection as JSON holds it."""
    return {unit: [source._asdict() for source in sources] for unit, sources in selection.items()}


def parsed(units: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[Source]]:
    """The selection that `describe` made JSON of."""
    return {unit: [Source(**entry) for entry in entries] for unit, entries in units.items()}


def sources_of(selection: Selection) -> list[Candidate]:
    """Every checkpoint in use, once, in the order of the units."""
    return list(dict.fromkeys(source.candidate for sources in selection.values() for source in sources))


def compose(selection: Selection, root: Path) -> pd.DataFrame:
    """One prediction table from tables <root>/<system>/<step>/<checkpoint>.parquet.

    Errors: UserError where the tables' frames differ.
    """
    return mix(selection, {candidate: candidate.path(root) for candidate in sources_of(selection)})


def mix(selection: Selection, paths: Mapping[Candidate, Path]) -> pd.DataFrame:
    """As `compose`, from a table for each checkpoint. Weights count in proportion to their sum."""
    keys = _keys(paths)
    columns: dict[str, Floats] = {}
    for unit, sources in selection.items():
        outputs = [_outputs(paths[source.candidate], unit) for source in sources]
        weights = np.array([source.weight for source in sources])
        mixed = mixed_outputs(unit, outputs, weights / weights.sum())
        columns |= dict(zip(columns_of(unit), mixed.T, strict=True))
    table = keys.assign(**columns).reindex(columns=list(PREDICTION_COLUMNS))
    return table.astype(dict.fromkeys(PREDICTION_COLUMNS[2:], np.float32))


def _keys(paths: Mapping[Candidate, Path]) -> pd.DataFrame:
    tables = {candidate: pd.read_parquet(path, columns=KEYS) for candidate, path in paths.items()}
    keys = next(iter(tables.values()))
    for candidate, table in tables.items():
        if not table.equals(keys):
            raise UserError(f"{paths[candidate]}: predicts other frames than the tables it is to join")
    return keys


def columns_of(unit: str) -> list[str]:
    """Columns of a prediction table that a unit fills."""
    return [f"logit_{unit}"] if unit in EXPRESSIONS else COLUMNS[unit]


def _outputs(path: Path, unit: str) -> Floats:
    """What a unit reads of a table [N, columns]; an expression by itself needs the others for its softmax."""
    columns = list(EXPRESSION_LOGITS) if unit in EXPRESSIONS else COLUMNS[unit]
    return pd.read_parquet(path, columns=columns).to_numpy(np.float64)


def mixed_outputs(unit: str, outputs: Sequence[Floats], weights: Floats) -> Floats:
    """Weighted outputs [N, columns] of one unit, from each source's [N, columns].

    AUs: logit of the mean probability. "EXPR": logarithm of the mean probabilities. An expression by name:
    the same for that class alone, even of one source, since logits of two systems have no common scale. VA:
    mean value.
    """
    if unit in EXPRESSIONS:
        place = EXPRESSIONS.index(unit)
        return _mean_log([log_softmax(each, axis=1)[:, [place]] for each in outputs], weights)
    if len(outputs) == 1:
        return outputs[0]
    if unit == "EXPR":
        return _mean_log([log_softmax(each, axis=1) for each in outputs], weights)
    if unit in AU_NAMES:
        yes, no = ([-np.logaddexp(0, sign * each) for each in outputs] for sign in (-1, 1))
        return _mean_log(yes, weights) - _mean_log(no, weights)
    return np.asarray(np.tensordot(weights, np.stack(outputs), axes=1), dtype=np.float64)


def _mean_log(logarithms: Sequence[Floats], weights: Floats) -> Floats:
    """Logarithm of the weighted mean of what the logarithms stand for; exact where one of them is huge."""
    mean: Floats = logsumexp(np.stack(logarithms), axis=0, b=weights[:, None, None])
    return mean
