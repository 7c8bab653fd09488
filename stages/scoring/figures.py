"""All measures of a prediction table, as metrics/<system>.json holds them."""

from __future__ import annotations

from typing import Any

from stages.core.files import measured
from stages.core.labels import AU_NAMES, EXPRESSIONS
from stages.core.params import Strict
from stages.scoring.tables import labelled, measures
from stages.scoring.uncertainty import intervals


class Rules(Strict):
    """Section `evaluate` of params.yaml."""

    missing: labelled.Missing


def measure(scored: labelled.Scored, counts: dict[str, int]) -> dict[str, Any]:
    """All measures, 95 % intervals over videos of the ABAW2 measures, and the frames that they rest on.

    `counts`: those of `labelled.join`. What a system does not predict has no key.
    """
    ends = {task.lower(): found._asdict() for task, found in intervals(scored).items()}
    return measured({**figures(scored), "interval": ends, "frames": counts})


def figures(scored: labelled.Scored) -> dict[str, Any]:
    """All measures of joined rows."""
    f1 = labelled.task_scores(scored, "f1")
    return {
        "au": _units(labelled.action_units(scored)),
        "expr": _expressions(labelled.expressions(scored)),
        "va": {**labelled.concordance(scored), "ccc": f1["VA"]},
        # ABAW3 has an eighth class, Other, which these labels and networks do not know: not its own measure.
        "abaw3": {"au": f1["AU"], "expr_without_other": f1["EXPR"], "va": f1["VA"]},
    }


def _units(units: measures.AUScore) -> dict[str, Any]:
    return {
        "f1": units.f1,
        "accuracy": units.accuracy,
        "score": units.score,
        "auc": measures.mean(units.unit_auc),
        "per_unit": dict(zip(AU_NAMES, units.unit_f1.tolist(), strict=True)),
    }


def _expressions(faces: measures.ExpressionScore) -> dict[str, Any]:
    return {
        "f1": faces.f1,
        "accuracy": faces.accuracy,
        "score": faces.score,
        "per_class": dict(zip(EXPRESSIONS, faces.class_f1.tolist(), strict=True)),
    }
