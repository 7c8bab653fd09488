"""Every kind of model learns what tells the labels, and does not where the labels are mutated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.audio import model as audio
from stages.clips import model as clips
from stages.clips.augment import ClipAugment
from stages.finetune import model as finetune
from stages.sequence import model as sequence
from stages.training.samples.augment import Augment
from tests.learning_world import build_windows, learnt
from tests.world import TRIALS, build_world

LEARNT, CHANCE = 0.85, 0.72  # ABAW2 measure; to say yes everywhere gives 0.58
COMMON: dict[str, Any] = {
    "seed": 1, "threads": 1, "system": "x", "tasks": ("AU",), "optimizer": "adam", "schedule": "constant",
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(kind: Any, params: Any) -> None:
    assert learnt(kind, params, mutate=False) > LEARNT
    assert learnt(kind, params, mutate=True) < CHANCE, "it learns from labels that tell nothing"


def test_a_visual_model_sees_what_a_face_shows() -> None:
    build_world(Path())
    params = finetune.Params(
        **COMMON, step="visual", network="plain", backbone=Path("models/pretrain/tiny"), sampling="batch",
        extra=False, batch=16, batches=16, epochs=2, lr=0.001, augment=Augment(flip=0.5),
    )  # fmt: skip
    check(finetune, params)


@pytest.mark.parametrize("teacher", [False, True])
def test_a_clip_model_sees_what_its_last_frame_shows(teacher: bool) -> None:
    build_world(Path())
    hear_alike(Path("data/mel/jin2021"))
    for trial in TRIALS:
        Path("data/masks/filled").mkdir(parents=True, exist_ok=True)
        np.save(f"data/masks/filled/{trial}.npy", np.load(f"data/frames/{trial}.npy")[..., 0])
    params = clips.Params(
        **COMMON, step="clips", weights=None, width=0.25, frames=2, dilation=1, input_size=16, mask="filled",
        front_end="jin2021", mel_rows=21, mel_steps=8, extra=False, batch=16, batches=40, epochs=2, lr=0.002, hide=0.0,
        teacher=teacher, decay=0.9, consistency=0.1, ramp_up=1, augment=ClipAugment(flip=0.5), predict_stride=None,
    )  # fmt: skip
    check(clips, params)


def hear_alike(mels: Path) -> None:
    """Noise for the silent trial too: silence that training never heard would drown what is seen."""
    index = pd.read_parquet(mels / "index.parquet")
    rows = np.load(mels / "v1.npy")
    np.save(mels / "v2.npy", rows[::-1])
    index.assign(rows=len(rows)).to_parquet(mels / "index.parquet", index=False)


def test_an_audio_model_hears_what_no_feature_shows() -> None:
    build_windows(Path(), lambda labels: np.zeros(len(labels)), heard=True)
    params = audio.Params(
        **COMMON, step="audio", reads=Path("models/x/visual"), embeddings=Path("data/embeddings/x/visual"),
        front_end="jin2021", features=32, window=20, mel_steps=80, stride=2, predict_stride=5, inherit_heads=False,
        batch=8, epochs=6, lr=0.003,
    )  # fmt: skip
    check(audio, params)


def test_a_sequence_model_knows_what_the_frame_before_told() -> None:
    """The label of a frame stands in the feature of the one before: without time there is nothing to learn."""
    build_windows(Path(), lambda labels: 4.0 * np.roll(labels, -1) - 2.0, heard=False)
    params = sequence.Params(
        **COMMON, step="sequence", network="gru", reads=Path("models/x/visual"),
        embeddings=Path("data/embeddings/x/visual"), project=32, layers=1, positions="sinusoidal", attention_heads=2,
        feed_forward=64, hidden=32, encoder_dropout=0.0, window=6, stride=2, predict_stride=None, batch=8,
        epochs=20, lr=0.005,
    )  # fmt: skip
    check(sequence, params)
