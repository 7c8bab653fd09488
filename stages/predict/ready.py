"""Weights that come with the project, for whoever has not run the pipeline: models/ready (see its README.md)."""

from __future__ import annotations

from pathlib import Path

from stages.core.paths import MODELS
from stages.core.runtime import log
from stages.predict.trained_systems import trained_systems

READY = MODELS / "ready"
# As the project's own models folder, so that cards find each other: "models/jin2021/visual".
READY_MODELS = READY / "models"
SAMPLE = READY / "sample.mp4"


def models_root(system: str | None, root: Path = MODELS, ready: Path = READY_MODELS) -> Path:
    """Folder of the models to predict by: the pipeline's, or what comes with the project where that has not run."""
    known = trained_systems(root)
    if known or system not in (None, *trained_systems(ready)) or not ready.is_dir():
        return root
    log.print(f"the pipeline has not run here; predicting by {ready.parent}, trained on drawn faces alone")
    return ready
