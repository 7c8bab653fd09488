"""All measures of a prediction table, and the rules that hold for every system."""

from __future__ import annotations

from typing import Any

from stages.core.files import measured
from stages.core.params import Strict
from stages.scoring import labelled
from stages.scoring.halves import SCORING, half_of


class Rules(Strict):
    """Section `evaluate` of params.yaml."""

    missing: labelled.Missing


def measure(scored: labelled.Scored, counts: dict[str, int], sides: dict[str, str]) -> dict[str, Any]:
    """All measures on all validation videos, the totals on the scoring half, the frames that they rest on.

    What a system does not predict has no key.
    """
    held = labelled.figures(scored.where(half_of(scored.trials, sides, SCORING)))
    totals = {task: {name: own[name] for name in own if "per_" not in name} for task, own in held.items()}
    return measured({**labelled.figures(scored), "scoring_half": totals, "frames": counts})
