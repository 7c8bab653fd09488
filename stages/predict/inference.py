"""A trained system on one recording: from its faces and sound to the predictions of the whole chain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from stages.clips.cutting import Shape
from stages.clips.model import predict_clips, shape_of
from stages.core.files import write_parquet
from stages.ensemble.candidates import Candidate
from stages.ensemble.mixture import compose, sources_of
from stages.networks.tsav import PublishedTSAV
from stages.predict.recording import Recording, cut_recording, features, masks
from stages.predict.trained_systems import Models, System
from stages.scoring.prediction_table import prediction_table
from stages.sequence.model import fuse
from stages.smooth.moving_average import smooth
from stages.training.samples.faces import read_faces
from stages.training.samples.tracks import SILENT
from stages.training.samples.windows import cut_windows, cuts
from stages.training.segments import Forward, Material, predict_windows
from stages.training.trained import Card
from stages.training.visual import predict_faces

WHOLE = "smooth"  # in place of a step: a system's final predictions
CLIPS = 8  # at once: TSAV in its published size needs 7 GB for 64


@torch.no_grad()
def predict_recording(
    system: System, recording: Recording, models: Models, forwards: Mapping[str, Forward]
) -> pd.DataFrame:
    """Smoothed predictions of a system, one row a frame with a face (columns: `PREDICTION_COLUMNS`).

    `forwards` tells how the stages "audio" and "sequence" call their models. What several systems or
    checkpoints share is computed once, in the recording's folder.
    """
    for candidate in sources_of(system.selection):
        path = candidate.path(recording.folder)
        if not path.exists():
            write_parquet(path, _predict(candidate, recording, models, forwards))
    return smooth(compose(system.selection, recording.folder), system.widths)


@torch.no_grad()
def predict_published(model: PublishedTSAV, recording: Recording, models: Models) -> pd.DataFrame:
    """What TSAV's published network says, as `predict_recording`; AU20, which only it knows, comes last.

    The units that it does not know are NaN. Where there is no landmark network its masks are black.
    """
    drawn = masks(recording, models, "lines") if models.has_landmarks() else None
    clips = cut_recording(recording, "wang2021", drawn, Shape())
    outputs = predict_clips(model, clips, batch=CLIPS)
    other = outputs.pop("AU20")[:, 0]
    return prediction_table(clips.keys(), outputs).assign(logit_AU20=other)


def _predict(
    candidate: Candidate, recording: Recording, models: Models, forwards: Mapping[str, Forward]
) -> pd.DataFrame:
    """Predictions of a checkpoint, run as the stage that trained it does, or of a whole system."""
    if candidate.step == WHOLE:
        return predict_recording(models.system(candidate.system), recording, models, forwards)
    model, card = models.load(models.root / candidate.system / candidate.step, candidate.checkpoint)
    if card["stage"] == "finetune":
        table = recording.table()
        return prediction_table(table, predict_faces(model, read_faces(table, recording.folder)))
    if card["stage"] == "clips":
        drawn = masks(recording, models, card["mask"], card.get("scheme"))
        clips = cut_recording(recording, card["front_end"], drawn, shape_of(card))
        outputs = predict_clips(model, clips, card["params"]["predict_stride"], CLIPS)
        return prediction_table(clips.keys(), outputs)
    material = _material(card, recording, models)
    return predict_windows(model, forwards[card["stage"]], material, models.device)


def _material(card: Card, recording: Recording, models: Models) -> Material:
    """Windows of features for a model of the stage audio or sequence, with what it hears."""
    params = card["params"]
    _, cut = cuts(card["window"], params["stride"], params["predict_stride"])
    ears, hearing, eyes = _streams(card, models)
    sound = recording.sound(hearing["front_end"]) if hearing else SILENT
    seen = features(recording, models, eyes, card.get("embedded"))
    windows = cut_windows([recording.track(seen, sound, cut.margin, cut.length)], cut)
    if card["stage"] == "audio":
        return Material(windows, lambda chosen: windows.mel(chosen, card["steps"]))
    cache = recording.folder / "heard" / card["system"] / f"{card['step']}.npy"
    return fuse(windows, ears, cache, models.device)


def _streams(card: Card, models: Models) -> tuple[Any, Card | None, Path]:
    """What a model of windows builds on: an audio model, the card that tells the sound, the visual folder."""
    reads = models.read_by(card)
    if card["stage"] == "audio":
        return None, card, reads
    model, own = models.load(reads)
    return (model, own, models.read_by(own)) if own["stage"] == "audio" else (None, None, reads)
