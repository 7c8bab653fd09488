"""What `landmarks` trains: a heatmap network on a still set with points."""

from __future__ import annotations

from stages.core.params import Values
from stages.landmarks.schemes import scheme
from stages.networks.hrnet import landmark_hrnet
from stages.plan.counts import Counts
from stages.plan.networks.finetune import prepared
from stages.plan.outline import Made, Outline, recipe_of


def outline(stage: str, values: Values, made: Made, counts: Counts) -> Outline | None:
    """An HRNet; None where published weights are taken."""
    if values["weights"]:
        return None
    points = scheme(values["scheme"]).points
    return Outline(
        landmark_hrnet(points, values["width"], values["modules"], values["blocks"]),
        prepared(values["input_size"]),
        "images",
        recipe_of(values),
        made.stills(values["stills"]),
    )
