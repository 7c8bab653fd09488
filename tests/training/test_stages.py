"""finetune → embed → audio → sequence on a corpus of noise, as DVC would run them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.audio import model as audio
from stages.core.card import read_card
from stages.core.errors import UserError
from stages.core.labels import PREDICTION_COLUMNS
from stages.embed.__main__ import Params as EmbedParams
from stages.embed.__main__ import embed
from stages.finetune import model as finetune
from stages.networks.common.backbones import Backbone
from stages.networks.common.visual import VisualModel
from stages.sequence import model as sequence
from stages.training import checkpoints
from stages.training.samples.augment import Augment
from stages.training.step import train_step
from tests.killing import check_resumes
from tests.world import FRAMES, GAP, build_world

COMMON: dict[str, Any] = {
    "seed": 1, "threads": 1, "system": "x", "tasks": ("AU", "EXPR", "VA"), "batch": 8, "epochs": 2, "lr": 0.01,
    "milestones": (1, 2), "weight_decay": 5e-4, "dropout": 0.1, "expression_loss": "one_hot_focal",
}  # fmt: skip
FINETUNE: dict[str, Any] = {
    "backbone": Path("models/pretrain/tiny"), "network": "plain", "sampling": "batch", "extra": True,
    "batches": 6, "crop_away": 0.4, "augment": Augment(flip=0.5, noise=0.1),
}  # fmt: skip
EMBEDDINGS = Path("data/embeddings/x/visual")
AUDIO: dict[str, Any] = {
    "reads": Path("models/x/visual"), "embeddings": EMBEDDINGS, "front_end": "jin2021", "features": 32,
    "window": 30, "mel_steps": 100, "stride": 10, "predict_stride": 5, "inherit_heads": True,
}  # fmt: skip
FUSED: dict[str, Any] = {
    "reads": Path("models/x/audio"), "embeddings": EMBEDDINGS, "network": "transformer", "features": 32,
    "layers": 1, "attention_heads": 2, "feed_forward": 32, "encoder_dropout": 0.1, "stride": 10,
    "predict_stride": 5,
}  # fmt: skip
VISUAL: dict[str, Any] = {
    "reads": Path("models/x/visual"), "embeddings": EMBEDDINGS, "project": 24, "layers": 2, "hidden": 12,
    "attention_heads": 2, "feed_forward": 32, "encoder_dropout": 0.1, "window": 9, "stride": 4,
    "predict_stride": None,
}  # fmt: skip
SEQUENCES: dict[str, dict[str, Any]] = {
    "sequence": FUSED,
    "gru": {**VISUAL, "network": "gru"},
    "transformer": {**VISUAL, "network": "transformer", "positions": "sinusoidal"},
}
STEPS = ["visual", "audio", *SEQUENCES]


def train(step: str, **changes: Any) -> None:
    kind, own = kind_and_values(step)
    train_step(kind, kind.Params(step=step, **{**COMMON, **own, **changes}), checkpoints.outs_of("x", step))
    if step == "visual":
        embed_faces()


def kind_and_values(step: str) -> tuple[ModuleType, dict[str, Any]]:
    if step == "visual":
        return finetune, FINETUNE
    return (audio, AUDIO) if step == "audio" else (sequence, SEQUENCES[step])


def embed_faces() -> None:
    embed(EmbedParams(system="x", step="visual", seed=1, threads=1, checkpoint=None, batch=16))


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
        table = pd.read_parquet(world / f"data/predictions/x/{step}/{epoch}.parquet")
        assert tuple(table.columns) == PREDICTION_COLUMNS
        assert table["trial"].unique().tolist() == ["v1", "v2"]
        wanted = [number for number in range(1, FRAMES + 1) if number not in GAP]
        assert table.loc[table["trial"].eq("v1"), "frame"].tolist() == wanted
        assert table.notna().all(axis=None)
        assert (world / f"models/x/{step}/{epoch}.safetensors").exists()


@pytest.mark.parametrize("step", STEPS)
def test_card_names_the_epoch_that_is_best_overall(world: Path, step: str) -> None:
    card = read_card(world / "models/x" / step)
    scores = {name: score["overall"] for name, score in card.scores.items()}
    assert card.chosen == max(scores, key=lambda name: scores[name]) and card.chosen_on == "validation"
    assert len(pd.read_csv(world / f"metrics/x/{step}.csv")) == 2


@pytest.mark.parametrize("trial", ["t1", "t2", "v1", "v2"])
def test_embeddings_have_a_row_a_face(world: Path, trial: str) -> None:
    features = np.load(world / EMBEDDINGS / f"{trial}.npy")
    assert features.dtype == np.float16
    assert features.shape == (FRAMES - len(GAP), 512)


def test_embeddings_are_computed_once_and_shared(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To embed again runs the backbone on nothing; both sequence models train without its weights."""
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in EMBEDDINGS.iterdir()}
    monkeypatch.setattr(VisualModel, "forward", _refuse)
    monkeypatch.setattr(Backbone, "forward", _refuse)
    embed_faces()
    for weights in Path("models/x/visual").glob("*.safetensors"):
        weights.unlink()
    for step in ("gru", "transformer"):
        shutil.rmtree(f"models/x/{step}")
        train(step)
        last = Path("data/predictions/x", step, "epoch_02.parquet")
        assert last.read_bytes() == (world / last).read_bytes()
    arrays = [path for path in before if path.suffix == ".npy"]
    assert len(arrays) == 4 and all(path.stat().st_mtime_ns == before[path] for path in arrays)


def _refuse(*_: Any) -> None:
    raise AssertionError("the backbone was run")


def test_a_visual_run_needs_a_window(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    with pytest.raises(UserError, match="key window of the sequence model: models/x/visual has none"):
        train("gru", window=None)


def test_no_state_is_left(world: Path) -> None:
    assert not list((world / ".state").iterdir())


@pytest.mark.parametrize("die_in", [1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed_in_any_epoch_and_started_again_ends_in_the_same_bytes(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, die_in: int
) -> None:
    """Also shows that two runs in two folders give the same bytes."""
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    check_resumes(lambda: train(step), checkpoints.outs_of("x", step), die_in, monkeypatch)


def test_another_parameter_starts_anew(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    before = read_card(Path("models/x/audio"))
    train("audio", lr=0.05)
    after = read_card(Path("models/x/audio"))
    assert before.params["lr"] == 0.01 and after.params["lr"] == 0.05
    assert before.scores != after.scores


def test_without_the_stage_before_one_sentence_says_so(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree("models/x/audio")
    with pytest.raises(UserError, match=r"models/x/audio/card\.json: missing; run"):
        train("sequence")
    (tmp_path / "models/pretrain/tiny/card.json").unlink()
    with pytest.raises(UserError, match=r"models/pretrain/tiny/card\.json: missing"):
        train("visual")


def test_empty_split_is_named(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    table = pd.read_parquet("data/index/frames.parquet")
    table[table["au_split"].eq("validation")].to_parquet("data/index/frames.parquet")
    with pytest.raises(UserError, match="split train is empty"):
        train("visual")
