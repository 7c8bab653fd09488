from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from torch.nn import functional as F

from stages.core.labels import AU_NAMES
from stages.networks.common.backbones import build_backbone
from stages.networks.common.visual import VisualModel
from stages.specialise.still_labels import Task, affect, affect_scores, labelled
from stages.training.pretraining import Supervision
from stages.training.samples.augment import Augment
from stages.training.visual import predict_faces

COUNT = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Noise with labels of its own; a third of the expressions and of the AUs' entries is unknown."""
    random = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", random.integers(0, 256, (COUNT, 112, 112, 3), np.uint8))
    labels = pd.DataFrame({name: random.integers(-1, 2, COUNT).astype(np.int8) for name in AU_NAMES})
    labels["expression"] = np.where(random.random(COUNT) < 0.3, -1, random.integers(0, 7, COUNT)).astype(
        np.int8
    )
    labels["identity"] = [f"p{row}" for row in range(COUNT)]
    labels["split"] = ["train"] * 24 + ["validation"] * (COUNT - 24)
    labels.to_parquet(tmp_path / "labels.parquet")
    return tmp_path


def made(folder: Path, task: Task) -> Supervision:
    """What a small backbone is to learn."""
    torch.manual_seed(0)
    backbone = build_backbone("iresnet", 18, 0.25, 32)
    return affect(backbone, task, folder, Augment(), batch=8, seed=1, fabric=Fabric(accelerator="cpu"))


def test_batches_are_the_labelled_training_stills(folder: Path) -> None:
    torch.manual_seed(0)
    backbone = build_backbone("iresnet", 18, 0.25, 32)
    lesson = affect(backbone, "EXPR", folder, Augment(), batch=4, seed=1, fabric=Fabric(accelerator="cpu"))
    labels = pd.read_parquet(folder / "labels.parquet")
    rows = np.flatnonzero((labels["split"] == "train") & (labels["expression"] >= 0))
    stills = backbone.front_end.prepare(torch.from_numpy(np.load(folder / "images.npy")[rows]))
    seen: list[int] = []
    for turn in lesson.batches(1):
        distances = (turn.faces[:, None] - stills[None]).abs().amax((2, 3, 4))
        assert distances.min(1).values.max() < 1e-3
        places = rows[distances.argmin(1).numpy()]
        assert turn.targets["EXPR"].tolist() == labels["expression"][places].tolist()
        seen += places.tolist()
    assert len(seen) == len(set(seen)) == len(rows) // 4 * 4


@pytest.mark.parametrize("task", ["AU", "EXPR"])
def test_losses_are_over_what_is_labelled(folder: Path, task: Task) -> None:
    lesson = made(folder, task)
    turn = next(iter(lesson.batches(1)))
    model, target = lesson.model.eval(), turn.targets[task]
    logits = model(turn.faces)[task]
    if task == "AU":
        known = target >= 0
        expected = F.binary_cross_entropy_with_logits(logits[known], target[known].float())
    else:
        expected = F.cross_entropy(logits, target.long())
    torch.testing.assert_close(lesson.loss(model, turn)["loss"], expected)


@pytest.mark.parametrize("task", ["AU", "EXPR"])
def test_scores_of_people_held_out(folder: Path, task: Task) -> None:
    lesson = made(folder, task)
    model, faces = lesson.model, labelled(folder, "validation", task)
    assert isinstance(model, VisualModel)
    assert len(faces) == COUNT - 24
    logits = predict_faces(model, faces)[task]
    truth = faces.labels.targets(task, slice(None))
    if task == "AU":
        pairs = [(truth[truth[:, u] >= 0, u], logits[truth[:, u] >= 0, u]) for u in range(len(AU_NAMES))]
        expected = {
            "auc": np.mean([roc_auc_score(true, logit) for true, logit in pairs]),
            "f1": np.mean([f1_score(true, logit > 0, zero_division=0) for true, logit in pairs]),
        }
    else:
        true, found = truth[truth >= 0], logits[truth >= 0].argmax(1)
        expected = {"f1": f1_score(true, found, average="macro"), "accuracy": accuracy_score(true, found)}
    assert affect_scores(model, task, faces) == pytest.approx(expected)
    assert lesson.validate() == affect_scores(model, task, faces)
