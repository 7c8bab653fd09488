"""finetune → embed → audio → sequence on a corpus of noise, as DVC would run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import audio, embed, finetune, sequence
from stages.corpora.labels import PREDICTION_COLUMNS
from stages.learning.augment import Augment
from stages.learning.card import read_card
from tests.world import FRAMES, GAP, build_world

COMMON: dict[str, Any] = {
    "seed": 1, "threads": 1, "tasks": ("AU", "EXPR", "VA"), "batch": 8, "epochs": 2,
    "milestones": (8, 10, 12), "milestones_of": 15, "lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4,
    "clip_norm": None, "dropout": 0.1, "positive_weights": None, "focal_alpha": 0.25, "focal_gamma": 2.0,
}  # fmt: skip
FINETUNE = {
    "backbone": Path("models/pretrain/tiny"), "alternation": "batch", "extra": Path("data/stills/affect"),
    "steps": 6, "augment": Augment(flip=0.5, crop=0.8, noise=0.1),
}  # fmt: skip
AUDIO = {
    "front_end": "jin2021", "features": 32, "window": 30, "mel_steps": 100, "stride": 10, "predict_stride": 5,
}  # fmt: skip
SEQUENCE = {
    "features": 32, "layers": 1, "attention_heads": 2, "feed_forward": 32, "encoder_dropout": 0.1,
    "stride": 10, "predict_stride": 5,
}  # fmt: skip
STEPS = {"finetune": "visual", "audio": "audio", "sequence": "sequence"}


def train(step: str) -> None:
    if step == "finetune":
        finetune.finetune("x", finetune.Params(**COMMON, **FINETUNE), finetune.outs_of("x"))
        embedding = embed.Params(seed=1, threads=1, checkpoint=None, batch=16)
        embed.embed(Path("models/finetune/x"), Path("data/embeddings/x"), embedding)
    elif step == "audio":
        audio.audio("x", audio.Params(**COMMON, **AUDIO), audio.outs_of("x"))
    else:
        sequence.sequence("x", sequence.Params(**COMMON, **SEQUENCE), sequence.outs_of("x"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        build_world(root)
        for step in STEPS:
            train(step)
    return root


@pytest.mark.parametrize("step", STEPS)
def test_predictions_of_each_epoch_cover_all_validation_faces(world: Path, step: str) -> None:
    for epoch in ("epoch_01", "epoch_02"):
        table = pd.read_parquet(world / f"data/predictions/x/{STEPS[step]}/{epoch}.parquet")
        assert tuple(table.columns) == PREDICTION_COLUMNS
        assert table["trial"].unique().tolist() == ["v1", "v2"]
        wanted = [number for number in range(1, FRAMES + 1) if number not in GAP]
        assert table.loc[table["trial"].eq("v1"), "frame"].tolist() == wanted
        assert table.notna().all(axis=None)
        assert (world / f"models/{step}/x/{epoch}.safetensors").exists()


@pytest.mark.parametrize("step", STEPS)
def test_card_names_the_best_epoch_of_the_selection_half(world: Path, step: str) -> None:
    card = read_card(world / "models" / step / "x")
    scores = {name: score["selection"] for name, score in card["scores"].items()}
    assert card["chosen"] == max(scores, key=lambda name: scores[name])
    assert len(pd.read_csv(world / f"metrics/x/{step}.csv")) == 2


@pytest.mark.parametrize("trial", ["t1", "t2", "v1", "v2"])
def test_embeddings_have_a_row_a_face(world: Path, trial: str) -> None:
    features = np.load(world / f"data/embeddings/x/{trial}.npy")
    assert features.dtype == np.float16
    assert features.shape == (FRAMES - len(GAP), 512)


def test_no_state_is_left(world: Path) -> None:
    assert not list((world / ".state").iterdir())
