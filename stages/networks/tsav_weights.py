"""TSAV's published weights: served as they are, or as the start of a network for 12 action units."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from stages.networks.common.weights import Report, load_file_into, load_weights, read_weights
from stages.networks.tsav import DIMENSIONS, EXPRESSIONS, SHARED, TSAV, TSAV_UNITS, PublishedTSAV

HEAD = "fc.1."
OWN = EXPRESSIONS + DIMENSIONS  # outputs of the head that come before the action units'


def load_tsav(path: Path) -> tuple[PublishedTSAV, Report]:
    """The published network in eval mode, without gradients.

    Errors: UserError for a file that is not read, or that is not whole, with what is missing or unexpected.
    """
    model = PublishedTSAV()
    report = load_file_into(model.network, path)
    model.eval().requires_grad_(False)
    return model, report


def start_from_tsav(model: TSAV, path: Path) -> Report:
    """Start a network of width 1 from the published weights; the report is of the whole file.

    Of the head, the rows of expressions, valence, arousal and the units that both know are taken over; AU20
    has no place, and AU7, 10, 23, 24 and 26 stay as they were made. Errors: as `load_tsav`.
    """
    tensors = read_weights(path)
    whole = TSAV(TSAV_UNITS, bound=model.bound)
    report = load_weights(whole, tensors, source=path)
    own, state = model.state_dict(), whole.state_dict()
    heads = {name: _carried(own[name], state[name]) for name in own if name.startswith(HEAD)}
    load_weights(model, {**state, **heads}, source=path)
    return report


def _carried(own: Tensor, published: Tensor) -> Tensor:
    """The head's rows [9 + 12, …] with those that the published head [9 + 8, …] has."""
    rows = own.clone()
    rows[:OWN] = published[:OWN]
    for place, source in SHARED:
        rows[OWN + place] = published[OWN + source]
    return rows
