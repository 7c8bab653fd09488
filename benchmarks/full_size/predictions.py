"""Prediction tables of as many checkpoints as a run at paper scale leaves: one a network, linked for its epochs."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pandas as pd

from stages.core.epochs import checkpoint_name
from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.core.params import block_of, own_values, read_params
from stages.core.paths import FRAMES, INDEX, PREDICTIONS
from stages.core.runtime import atomic_path
from stages.scoring.tables.labelled import validation
from stages.scoring.tables.prediction_table import prediction_table
from stages.training.samples.faces import with_faces

VERBS = ("finetune", "clips", "audio", "sequence")


def networks() -> list[tuple[str, str, int]]:
    """System, step and epochs of every run in params.yaml of the working folder, at its scale."""
    values = read_params()
    found = []
    for verb in VERBS:
        for run, own in values["runs"].get(verb, {}).items():
            epochs = own_values(values, block_of(values, verb, run), f"runs.{verb}.{run}")["epochs"]
            found.append((own["system"], own["step"], int(epochs)))
    return found


def write_predictions() -> None:
    """A table for each network of the working folder's params.yaml, and hard links to it for its other epochs."""
    rows = with_faces(validation(pd.read_parquet(INDEX)), FRAMES)
    for place, (system, step, epochs) in enumerate(networks()):
        folder = PREDICTIONS / system / step
        folder.mkdir(parents=True, exist_ok=True)
        first = folder / f"{checkpoint_name(1)}.parquet"
        with atomic_path(first) as beside:
            prediction_table(rows, guesses(rows, place)).to_parquet(beside, index=False)
        for epoch in range(2, epochs + 1):
            link = folder / f"{checkpoint_name(epoch)}.parquet"
            link.unlink(missing_ok=True)
            os.link(first, link)
        (folder / "card.json").write_text(json.dumps({"chosen": checkpoint_name(epochs)}))


def guesses(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    """The labels under noise, as a network puts them."""
    random = np.random.default_rng(seed)

    def noise(width: int) -> np.ndarray:
        return random.normal(0, 1.0 + 0.2 * (seed % 3), (len(rows), width)).astype(np.float32)

    units = rows[list(AU_NAMES)].to_numpy() * 2.0 - 1.0
    faces = np.eye(len(EXPRESSIONS))[rows["expression"].clip(lower=0)]
    values = rows[list(VA_NAMES)].fillna(0).to_numpy()
    return {"AU": units + noise(12), "EXPR": faces + noise(7), "VA": values + noise(2)}


if __name__ == "__main__":
    write_predictions()
