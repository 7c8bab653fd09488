"""An epoch of the stages behind a frozen visual model: its features from the cache, or made in each epoch."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray

from benchmarks.measure import Row, seconds
from stages.audio.model import forward as hearing
from stages.audio.model import hear
from stages.core.labels import AU_NAMES, VA_NAMES
from stages.networks import gru, transformer
from stages.networks.audio_visual import TDNN, AudioVisualModel
from stages.networks.common.backbones import build_backbone
from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.sequence.model import forward as seeing
from stages.sequence.network import SequenceModel
from stages.training.objectives import Objectives
from stages.training.recipe import Recipe
from stages.training.samples.mels import MelTrack
from stages.training.samples.tracks import track
from stages.training.samples.windows import Cut, cut_windows, cuts
from stages.training.segments import Forward, Material, joint_loss, lessons
from stages.training.train import train
from stages.training.visual import embed_images

TASKS = ("AU", "EXPR")
TRIALS, FRAMES = 4, 120
BACKBONES = {"IResNet18": ("iresnet", 18), "ResNet50": ("vggface2", 50)}
WIDTH, SIZE = 0.25, 80  # as the demo shrinks them
RECIPE = Recipe(seed=0, threads=1, epochs=1, batch=16, lr=0.01)
FUSED = {"positions": "none", "layers": 1, "attention_heads": 8, "feed_forward": 2048}
FAN = {
    "positions": "sinusoidal", "layers": 2, "attention_heads": 8, "feed_forward": 512, "hidden": 128,
    "bidirectional": True,
}  # fmt: skip
PROJECT, STREAM, MEL_STEPS = 256, 512, 100
ENCODERS = {"gru": gru.encoder, "transformer": transformer.encoder}

Features = list[NDArray[np.floating]]  # a trial each
Epoch = Callable[[Features, Path], None]  # the folder keeps what a frozen audio model says


def rows() -> list[Row]:
    """Faces trained on in a second; by hand, the frozen models see each face once an epoch."""
    torch.set_num_threads(RECIPE.threads)
    epochs: dict[str, tuple[str, Epoch]] = {
        "audio, TDNN": ("IResNet18", _hearing),
        "sequence, transformer on both streams": ("IResNet18", _fused),
        "sequence, GRU": ("ResNet50", partial(_seen, "gru")),
        "sequence, transformer with positions": ("ResNet50", partial(_seen, "transformer")),
    }
    with tempfile.TemporaryDirectory() as folder:
        return [_row(name, *epochs[name], Path(folder)) for name in epochs]


def _row(name: str, backbone: str, epoch: Epoch, folder: Path) -> Row:
    torch.manual_seed(0)
    visual = VisualModel(build_backbone(*BACKBONES[backbone], WIDTH, SIZE), Heads(512, TASKS)).eval()
    images = np.random.default_rng(0).integers(0, 256, (TRIALS, FRAMES, 112, 112, 3), dtype=np.uint8)
    for index, features in enumerate(_embed(visual, images)):
        np.save(folder / f"{index}.npy", features)

    def cached() -> None:
        epoch([np.load(folder / f"{index}.npy", mmap_mode="r") for index in range(TRIALS)], folder)

    def anew() -> None:
        with tempfile.TemporaryDirectory() as empty:
            epoch(_embed(visual, images), Path(empty))

    ours, theirs = seconds(cached, anew, repeat=3, clock=time.process_time)
    faces = TRIALS * FRAMES
    peer = f"{backbone} each epoch"
    return Row(f"epoch of {name}", "faces/s a core", faces / ours, peer, faces / theirs)


def _embed(visual: VisualModel, images: NDArray[np.uint8]) -> Features:
    return [embed_images(visual, faces) for faces in images]


def _hearing(features: Features, _: Path) -> None:
    """An epoch of the audio step."""
    windows = cut_windows(*_tracks(features, Cut(30, 10)))
    _fit(_audio(), hearing, Material(windows, lambda chosen: windows.mel(chosen, MEL_STEPS)))


def _fused(features: Features, folder: Path) -> None:
    """An epoch of the sequence step on both streams."""
    windows = cut_windows(*_tracks(features, Cut(30, 10)))
    heard = hear(_audio(), windows, folder / "heard.npy")
    encoder = transformer.encoder(2 * STREAM, FUSED, 0.1)
    model = SequenceModel(Heads(STREAM, TASKS), encoder, torch.nn.Linear(2 * STREAM, STREAM))
    _fit(model, seeing, Material(windows, lambda chosen: heard[chosen]))


def _seen(kind: str, features: Features, _: Path) -> None:
    """An epoch of a sequence step on the visual stream alone."""
    windows = cut_windows(*_tracks(features, cuts(9, 4, None)[0]))
    encoder = ENCODERS[kind](PROJECT, FAN, 0.1)
    model = SequenceModel(Heads(encoder.features, TASKS), encoder, None, torch.nn.Linear(STREAM, PROJECT))
    _fit(model, seeing, Material(windows, lambda chosen: np.zeros((len(chosen), 9, 0), np.float32)))


def _audio() -> AudioVisualModel:
    return AudioVisualModel(TDNN(features=STREAM), Heads(2 * STREAM, TASKS), MEL_STEPS)


def _fit(model: torch.nn.Module, forward: Forward, material: Material) -> None:
    fabric = Fabric(accelerator="cpu", devices=1)
    with tempfile.TemporaryDirectory() as state:
        train(
            model,
            joint_loss(forward, Objectives().losses()),
            lessons(material, TASKS, batch=RECIPE.batch, seed=RECIPE.seed, fabric=fabric),
            RECIPE,
            state=Path(state),
            fabric=fabric,
            on_epoch=lambda _: {},
        )


def _tracks(features: Features, cut: Cut) -> Any:
    """Trials with a label and a face at every frame, and two minutes of noise for sound; and the cut."""
    number = np.arange(1, FRAMES + 1, dtype=np.int32)
    rows = pd.DataFrame({"trial": "noise", "frame": number, "expression": np.int8(0)})
    rows[list(AU_NAMES)] = np.int8(1)
    rows[list(VA_NAMES)] = np.float32(np.nan)
    faces = pd.DataFrame({"frame": number, "time": number / 30})
    sound = MelTrack(np.random.default_rng(0).normal(size=(24000, 64)).astype(np.float32), 0.005, 0.0)
    return [track(rows, faces, visual, sound, cut.margin, cut.length) for visual in features], cut
