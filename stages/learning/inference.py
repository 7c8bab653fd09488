"""A trained system on one clip: from its faces and sound to the predictions of the whole chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from stages.corpora.labels import AU_NAMES, MISSING, VA_NAMES
from stages.learning.candidates import Candidate
from stages.learning.clip_prediction import predict_clips, shape_of
from stages.learning.clips import ALONE, Clips, Footage, Shape, cut_clips
from stages.learning.data import Pixels, open_array, read_faces
from stages.learning.fusion import fuse
from stages.learning.landmarking import find_landmarks
from stages.learning.predictions import prediction_table
from stages.learning.serving import Models, System
from stages.learning.smoothing import smooth
from stages.learning.sources import compose, sources_of
from stages.learning.temporal import Forward, Material, predict_windows
from stages.learning.trained import Card
from stages.learning.visual import embed_images, predict_faces
from stages.learning.windows import SILENT, cut_windows, cuts, track
from stages.media.mask import Mode, draw_masks
from stages.media.mel import MelTrack
from stages.media.schemes import convert, scheme
from stages.networks.tsav import PublishedTSAV
from stages.reporting.files import write_parquet

NAME = "clip"  # of the one trial and video
WHOLE = "smooth"  # in place of a step: a system's final predictions


@dataclass(frozen=True)
class Clip:
    """One face through one video: a scratch folder that holds `clip.npy` and `clip.parquet`, and its sound.

    The files are those that the stage frames writes for a trial; `sound` makes the mel of a front end.
    """

    folder: Path
    sound: Callable[[str], MelTrack]

    @property
    def faces(self) -> pd.DataFrame:
        """Number and time of each face."""
        return pd.read_parquet(self.folder / f"{NAME}.parquet", columns=["frame", "time"])

    @property
    def images(self) -> NDArray[Any]:
        """The crops, uint8 [N, 112, 112, 3] RGB."""
        return open_array(self.folder / f"{NAME}.npy")


@torch.no_grad()
def predict_clip(system: System, clip: Clip, models: Models, forwards: Mapping[str, Forward]) -> pd.DataFrame:
    """Smoothed predictions of a system, one row a frame with a face (columns: `PREDICTION_COLUMNS`).

    `forwards` tells how the stages "audio" and "sequence" call their models. What several systems or
    checkpoints share is computed once, in the clip's folder.
    """
    for candidate in sources_of(system.selection):
        path = candidate.path(clip.folder)
        if not path.exists():
            write_parquet(path, _predict(candidate, clip, models, forwards))
    return smooth(compose(system.selection, clip.folder), system.widths)


def _predict(
    candidate: Candidate, clip: Clip, models: Models, forwards: Mapping[str, Forward]
) -> pd.DataFrame:
    """Predictions of a checkpoint, run as the stage that trained it does, or of a whole system."""
    if candidate.step == WHOLE:
        return predict_clip(models.system(candidate.system), clip, models, forwards)
    model, card = models.load(models.root / candidate.system / candidate.step, candidate.checkpoint)
    if card["stage"] == "finetune":
        table = unlabelled(clip.faces)
        return prediction_table(table, predict_faces(model, read_faces(table, clip.folder)))
    if card["stage"] == "clips":
        clips = cut_clip(
            clip, card["front_end"], _masks(card["mask"], clip, models, card.get("scheme")), shape_of(card)
        )
        return prediction_table(clips.keys(), predict_clips(model, clips, card["params"]["predict_stride"]))
    material = _material(card, clip, models)
    return predict_windows(model, forwards[card["stage"]], material, models.device)


@torch.no_grad()
def predict_published(model: PublishedTSAV, clip: Clip, models: Models) -> pd.DataFrame:
    """What TSAV's published network says, as `predict_clip`; AU20, which only it knows, is one column more.

    The units that it does not know are NaN. Where there is no landmark network its masks are black.
    """
    masks = _masks("lines", clip, models) if models.has_landmarks() else None
    clips = cut_clip(clip, "wang2021", masks, Shape())
    outputs = predict_clips(model, clips)
    other = outputs.pop("AU20")[:, 0]
    return prediction_table(clips.keys(), outputs).assign(logit_AU20=other)


def cut_clip(clip: Clip, front_end: str, masks: Pixels | None, shape: Shape) -> Clips:
    """The clips of a TSAV that end with each face, with the sound around them."""
    seen = track(unlabelled(clip.faces), clip.faces, clip.images, clip.sound(front_end), ALONE)
    return cut_clips([Footage(seen, masks)], shape)


def unlabelled(faces: pd.DataFrame) -> pd.DataFrame:
    """Rows of a frame table for the frames of `faces`, without a label; `row` is their place in the array."""
    table = pd.DataFrame({"trial": NAME, "video": NAME, "frame": faces["frame"]})
    table["row"] = np.arange(len(faces))
    table[[*AU_NAMES, "expression"]] = np.int8(MISSING)
    table[list(VA_NAMES)] = np.float32(np.nan)
    return table


def _material(card: Card, clip: Clip, models: Models) -> Material:
    """Windows of features for a model of the stage audio or sequence, with what it hears."""
    params = card["params"]
    _, cut = cuts(card["window"], params["stride"], params["predict_stride"])
    ears, hearing, seen = _streams(card, models)
    sound = clip.sound(hearing["front_end"]) if hearing else SILENT
    features = _features(seen, card.get("embedded"), clip, models)
    windows = cut_windows([track(unlabelled(clip.faces), clip.faces, features, sound, cut)], cut)
    if card["stage"] == "audio":
        return Material(windows, lambda chosen: windows.mel(chosen, card["steps"]))
    cache = clip.folder / "heard" / card["system"] / f"{card['step']}.npy"
    return fuse(windows, ears, cache, models.device)


def _streams(card: Card, models: Models) -> tuple[Any, Card | None, Path]:
    """What a model of windows builds on: an audio model, the card that tells the sound, the visual folder."""
    reads = models.read_by(card)
    if card["stage"] == "audio":
        return None, card, reads
    model, own = models.load(reads)
    return (model, own, models.read_by(own)) if own["stage"] == "audio" else (None, None, reads)


def _masks(
    mode: Mode | Literal["none"], clip: Clip, models: Models, name: str | None = None
) -> Pixels | None:
    """The clip's face masks [N, 112, 112], made once; None for the mode "none".

    `name`: of the landmark scheme to draw in, by default the network's own.
    """
    if mode == "none":
        return None
    path = clip.folder / "masks" / f"{mode}-{name}.npy"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        landmarker = models.landmarker()
        names = scheme(name) if name else landmarker.scheme
        points = convert(find_landmarks(landmarker, clip.images), landmarker.scheme, names)
        np.save(path, draw_masks(points, names, mode))
    return open_array(path)


def _features(folder: Path, checkpoint: str | None, clip: Clip, models: Models) -> NDArray[np.floating]:
    """The clip's features [faces, 512] by a visual model's checkpoint (None: the chosen one), made once."""
    path = clip.folder / "seen" / folder.parent.name / folder.name / f"{checkpoint or 'chosen'}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, embed_images(models.load(folder, checkpoint)[0], clip.images))
    return open_array(path)
