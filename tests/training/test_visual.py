from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric

from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.training.objectives import Objectives
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Faces, read_faces, with_faces
from stages.training.samples.sampling import sampler
from stages.training.visual import Turn, embed_images, predict_faces, turn_loss, turns
from tests.world import NETWORK, build_world

TASKS = ("AU", "EXPR", "VA")


def model_of(dropout: float = 0.0) -> VisualModel:
    backbone = NETWORK.build()
    return VisualModel(backbone, Heads(backbone.features, TASKS, dropout))


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    table = pd.read_parquet(root / "data/index/frames.parquet")
    return read_faces(with_faces(table, root / "data/frames"), root / "data/frames")


def draw(faces: Faces, epoch: int, seed: int = 1) -> list[Turn]:
    model = model_of()
    draws = sampler(faces.labels, faces.rows(TASKS), TASKS, "batch", batch=8, steps=4, seed=seed)
    batches = turns(
        faces, draws, model.backbone.front_end, Augment(flip=0.5, noise=0.1),
        seed=seed, fabric=Fabric(accelerator="cpu", devices=1),
    )  # fmt: skip
    return list(batches(epoch))


def test_an_epoch_is_a_pure_function_of_seed_and_epoch(faces: Faces) -> None:
    first, again, other = draw(faces, 1), draw(faces, 1), draw(faces, 2)
    assert [list(turn.targets) for turn in first] == [["AU"], ["EXPR"], ["VA"], ["AU"]]
    assert all(torch.equal(a.faces, b.faces) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0].faces, other[0].faces)


def test_only_backbone_and_the_tasks_head_get_gradients(faces: Faces) -> None:
    model = model_of(dropout=0.5)
    loss = turn_loss(Objectives().losses())
    for turn in draw(faces, 1)[:3]:
        model.zero_grad(set_to_none=True)
        loss(model, turn)["loss"].backward()
        heads = {task for task in TASKS if model.heads.tasks[task].weight.grad is not None}
        assert heads == set(turn.targets)
        assert model.backbone.network.conv1.weight.grad.abs().sum() > 0


def test_predictions_are_in_order_and_do_not_depend_on_the_batch(faces: Faces) -> None:
    model = model_of(dropout=0.5)
    whole, parts = predict_faces(model, faces, 1000), predict_faces(model, faces, 7)
    assert {task: array.shape for task, array in whole.items()} == {
        "AU": (len(faces), 12), "EXPR": (len(faces), 7), "VA": (len(faces), 2),
    }  # fmt: skip
    assert all(np.allclose(whole[task], parts[task], atol=1e-4) for task in TASKS)


def test_embeddings_are_what_the_heads_read(faces: Faces, tmp_path: Path) -> None:
    model = model_of().eval()
    rows = np.arange(5)
    features = torch.from_numpy(embed_images(model, faces.images(rows), batch=2)).float()
    expected = predict_faces(model, faces)["AU"][:5]
    with torch.no_grad():
        assert np.allclose(model.heads(features)["AU"].numpy(), expected, atol=0.01 * np.abs(expected).max())
