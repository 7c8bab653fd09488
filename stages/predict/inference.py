"""A trained system on one recording: from its faces and sound to the predictions of the whole chain."""

from __future__ import annotations

import pandas as pd
import torch

from stages.clips.cutting import Shape, read_clips
from stages.clips.prediction import predict_clips
from stages.core.card import kind_of
from stages.core.files import write_parquet
from stages.ensemble.mixture import compose, sources_of
from stages.networks.tsav import PublishedTSAV
from stages.predict.recording import Recording, has_landmarks
from stages.predict.trained_systems import System, read_system
from stages.scoring.candidates import Candidate
from stages.scoring.tables.prediction_table import prediction_table
from stages.smooth.moving_average import smooth

WHOLE = "smooth"  # in place of a step: a system's final predictions
CLIPS = 8  # at once: TSAV in its published size needs 7 GB for 64


@torch.no_grad()
def predict_recording(system: System, recording: Recording) -> pd.DataFrame:
    """Smoothed predictions of a system, one row a frame with a face (columns: `PREDICTION_COLUMNS`).

    What several systems or checkpoints share is computed once, in the recording's folder.
    """
    for candidate in sources_of(system.selection):
        path = candidate.path(recording.folder)
        if not path.exists():
            write_parquet(path, _predict(candidate, recording))
    return smooth(compose(system.selection, recording.folder), system.widths)


def _predict(candidate: Candidate, recording: Recording) -> pd.DataFrame:
    """Predictions of a checkpoint, run as its kind runs it, or of a whole system."""
    models = recording.models
    if candidate.step == WHOLE:
        return predict_recording(read_system(models.root, candidate.system), recording)
    model, card = models.load(models.root / candidate.system / candidate.step, candidate.checkpoint)
    predictions: pd.DataFrame = kind_of(card).predict(model, card, recording)
    return predictions


@torch.no_grad()
def predict_published(model: PublishedTSAV, recording: Recording) -> pd.DataFrame:
    """What TSAV's published network says, as `predict_recording`; AU20, which only it knows, comes last.

    The units that it does not know are NaN. Where there is no landmark network its masks are black.
    """
    masks = recording.masks("lines") if has_landmarks(recording.models) else None
    clips = read_clips(recording.table, recording.faces, masks, recording.mels("wang2021"), Shape())
    outputs = predict_clips(model, clips, batch=CLIPS)
    other = outputs.pop("AU20")[:, 0]
    return prediction_table(clips.keys(), outputs).assign(logit_AU20=other)
