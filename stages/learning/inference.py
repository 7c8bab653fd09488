"""A trained system on one clip: from its faces and sound to the predictions of the whole chain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from stages.corpora.labels import AU_NAMES, MISSING, VA_NAMES
from stages.errors import UserError
from stages.learning.candidates import Candidate, compose
from stages.learning.card import read_card
from stages.learning.checkpoints import load_checkpoint
from stages.learning.data import open_array, read_faces
from stages.learning.predictions import prediction_table, save_predictions
from stages.learning.smoothing import smooth
from stages.learning.sound import cached_features
from stages.learning.temporal import Forward, Material, predict_windows
from stages.learning.visual import embed_images, predict_faces
from stages.learning.windows import Cut, cut_windows, track
from stages.media.mel import MelTrack

NAME = "clip"  # of the one trial and video
HEARING = ("audio", "sequence")  # steps that need sound


@dataclass(frozen=True)
class Clip:
    """One face through one video: a scratch folder that holds `clip.npy` and `clip.parquet`, and its sound.

    The files are those that the stage frames writes for a trial; `sounds` has a mel for each front end.
    """

    folder: Path
    sounds: Mapping[str, MelTrack]

    @property
    def faces(self) -> pd.DataFrame:
        """Number and time of each face."""
        return pd.read_parquet(self.folder / f"{NAME}.parquet", columns=["frame", "time"])


@dataclass(frozen=True)
class System:
    """What prediction runs: the checkpoint `chosen` for each unit, and `widths` of smoothing in frames.

    `embeddings` names the visual checkpoints whose features the later steps of a system read, where that is
    not the card's choice.
    """

    models: Path
    chosen: dict[str, Candidate]
    widths: dict[str, int]
    embeddings: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def candidates(self) -> list[Candidate]:
        return sorted(set(self.chosen.values()))

    @property
    def hearing(self) -> set[str]:
        """Systems of which steps behind the visual one were chosen."""
        return {candidate.system for candidate in self.candidates if candidate.step in HEARING}

    def front_ends(self) -> set[str]:
        """Mel front ends that its checkpoints need."""
        return {read_card(self.models / "audio" / name)["front_end"] for name in self.hearing}


def read_system(models: Path, name: str) -> System:
    """A trained system from the models folder.

    Errors: UserError for a system that is not there, naming the command that trains it.
    """
    selection = models / "ensemble" / name / "selection.json"
    widths = models / "smooth" / name / "widths.json"
    for path in (selection, widths):
        if not path.is_file():
            there = sorted(folder.parent.name for folder in models.glob("smooth/*/widths.json"))
            raise UserError(
                f"{path}: missing; train {name} with `dvc repro smooth@{name}` first"
                f" (trained systems: {', '.join(there) or 'none'})"
            )
    chosen = {unit: Candidate(**entry) for unit, entry in json.loads(selection.read_text()).items()}
    return System(models, chosen, json.loads(widths.read_text()))


@torch.no_grad()
def predict_clip(
    system: System, clip: Clip, forwards: Mapping[str, Forward], device: torch.device
) -> pd.DataFrame:
    """Smoothed predictions of the ensemble, one row a frame with a face (columns: `PREDICTION_COLUMNS`).

    `forwards` tells how the steps "audio" and "sequence" call their models.
    """
    table = unlabelled(clip.faces)
    for candidate in system.candidates:
        path = clip.folder / candidate.system / candidate.step / f"{candidate.checkpoint}.parquet"
        if candidate.step == "visual":
            save_predictions(path, _see(candidate, system, clip, table, device))
        else:
            save_predictions(path, _listen(candidate, system, clip, table, forwards, device))
    return smooth(compose(system.chosen, clip.folder), system.widths)


def unlabelled(faces: pd.DataFrame) -> pd.DataFrame:
    """Rows of a frame table for the frames of `faces`, without a label; `row` is their place in the array."""
    table = pd.DataFrame({"trial": NAME, "video": NAME, "frame": faces["frame"]})
    table["row"] = np.arange(len(faces))
    table[[*AU_NAMES, "expression"]] = np.int8(MISSING)
    table[list(VA_NAMES)] = np.float32(np.nan)
    return table


def _see(
    candidate: Candidate, system: System, clip: Clip, table: pd.DataFrame, device: torch.device
) -> pd.DataFrame:
    """Predictions of a visual checkpoint."""
    folder = system.models / "finetune" / candidate.system
    model, _ = load_checkpoint(folder, candidate.checkpoint)
    return prediction_table(table, predict_faces(model.to(device), read_faces(table, clip.folder)))


def _listen(
    candidate: Candidate,
    system: System,
    clip: Clip,
    table: pd.DataFrame,
    forwards: Mapping[str, Forward],
    device: torch.device,
) -> pd.DataFrame:
    """Predictions of a checkpoint that reads windows of features and sound."""
    audio, card = load_checkpoint(system.models / "audio" / candidate.system)
    folder = system.models / candidate.step / candidate.system
    model, own = load_checkpoint(folder, candidate.checkpoint)
    features = _features(candidate.system, system, clip, device)
    cut = Cut(card["window"], own["params"]["predict_stride"])
    seen = track(table, clip.faces, features, clip.sounds[card["front_end"]], cut)
    windows = cut_windows([seen], cut)
    if candidate.step == "audio":
        material = Material(windows, lambda chosen: windows.mel(chosen, card["steps"]))
    else:
        heard = cached_features(clip.folder / candidate.system / "heard.npy", windows, audio.to(device))
        material = Material(windows, lambda chosen: heard[chosen])
    return predict_windows(model.to(device), forwards[candidate.step], material, device)


def _features(name: str, system: System, clip: Clip, device: torch.device) -> NDArray[np.floating]:
    """The clip's visual features [faces, 512] by the system `name`, made once."""
    path = clip.folder / name / "seen.npy"
    if not path.exists():
        model, _ = load_checkpoint(system.models / "finetune" / name, system.embeddings.get(name))
        path.parent.mkdir(exist_ok=True)
        np.save(path, embed_images(model.to(device), open_array(clip.folder / f"{NAME}.npy")))
    return open_array(path)
