"""Stage pretrain on people who are flat colours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.core.errors import UserError
from stages.networks.common.architecture import Architecture
from stages.networks.common.backbones import build_backbone
from stages.networks.common.pretrained import import_backbone, load_backbone
from stages.pretrain.__main__ import Params, pretrain
from stages.pretrain.recognition import verified, with_pairs
from stages.training.samples.augment import Augment

PEOPLE, STILLS = 12, 4


@pytest.fixture
def identities(tmp_path: Path) -> Path:
    """Twelve people of one colour each, four noisy stills of everyone; the last four are held out."""
    random = np.random.default_rng(0)
    folder = tmp_path / "identities"
    folder.mkdir()
    colours = random.integers(30, 225, (PEOPLE, 1, 1, 1, 3))
    images = colours + random.integers(-20, 20, (PEOPLE, STILLS, 112, 112, 3))
    np.save(folder / "images.npy", images.reshape(-1, 112, 112, 3).astype(np.uint8))
    people = np.repeat(np.arange(PEOPLE), STILLS)
    splits = np.where(people < 8, "train", "validation")
    labels = pd.DataFrame({"identity": [f"p{person}" for person in people], "split": splits})
    labels.to_parquet(folder / "labels.parquet")
    return folder


def settings(identities: Path, **changes: Any) -> Params:
    published: dict[str, Any] = {
        "stills": identities, "weights": None, "kind": "iresnet", "depth": 18,
        "width": 0.25, "input_size": 32, "dropout": 0.0, "cosface_scale": 64.0, "cosface_margin": 0.4, "epochs": 3,
        "batch": 8, "lr": 0.05, "schedule": "polynomial", "weight_decay": 1e-4, "clip_norm": 5.0,
        "augment": Augment(flip=0.5, noise=0.02), "pairs": 20, "seed": 1, "threads": 1,
    }  # fmt: skip
    return Params(**(published | changes))


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: Params, name: str = "x") -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    pretrain(name, params, tmp_path / "models", tmp_path / "metrics")
    card: dict[str, Any] = json.loads((tmp_path / "models" / name / "card.json").read_text())
    return card


def test_scale_and_margin_reach_the_loss(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a network that hardly moves: without scale it is the logarithm of the people, and a margin costs it.

    It costs scale times margin where all people look alike, and less where they can be told apart.
    """

    def loss(scale: float, margin: float) -> float:
        values = {"cosface_scale": scale, "cosface_margin": margin}
        run(tmp_path, monkeypatch, settings(identities, lr=1e-9, epochs=1, augment=Augment(), **values))
        return float(pd.read_csv(tmp_path / "metrics/x.csv")["loss"].iloc[0])

    assert loss(1e-6, 0.4) == pytest.approx(np.log(8), abs=1e-4)
    assert 2 < loss(10.0, 0.4) - loss(10.0, 0.0) <= 4


def test_training_and_what_it_leaves(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = run(tmp_path, monkeypatch, settings(identities))
    scores = json.loads((tmp_path / "metrics/x.json").read_text())
    history = pd.read_csv(tmp_path / "metrics/x.csv")
    assert 0 < scores["accuracy"] <= 1
    assert list(history["epoch"]) == [1, 2, 3] and history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history["score"].iloc[-1] == pytest.approx(scores["auc"], abs=1e-3)
    assert Architecture(**card["network"]) == Architecture("iresnet", 18, 0.25, 32)
    assert not list((tmp_path / ".state").iterdir())


def test_the_next_stage_gets_the_backbone_that_was_scored(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = settings(identities, epochs=1)
    scores = run(tmp_path, monkeypatch, params)["scores"]
    stills, pairs = with_pairs(identities, params.pairs, params.seed)
    backbone = load_backbone(tmp_path / "models/x", dropout=0.6)
    assert backbone.network.get_submodule("dropout").extra_repr() == "p=0.6, inplace=False"
    assert verified(backbone, stills, pairs) == scores


def test_same_bytes_from_the_same_seed(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path, monkeypatch, settings(identities, epochs=1, seed=seed), name)
    a, b, c = ((tmp_path / "models" / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def published_file(path: Path, kind: str, depth: int) -> dict[str, torch.Tensor]:
    """A file with a published network's names and shapes, random values, in torch's own container."""
    torch.manual_seed(0)
    tensors = build_backbone(kind, depth).network.state_dict()
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()}}, path)
    return tensors


FORMS = {"iresnet": "insightface", "ir_se": "treb1en"}


@pytest.mark.parametrize(("kind", "depth", "count"), [("iresnet", 18, 187), ("ir_se", 50, 397)])
def test_published_files_tell_their_depth(tmp_path: Path, kind: str, depth: int, count: int) -> None:
    tensors = published_file(tmp_path / "backbone.pth", kind, depth)
    backbone, network, report = import_backbone(kind, tmp_path / "backbone.pth")
    assert network == Architecture(kind, depth, 1.0, 112, FORMS[kind])
    assert report.counts() == {"matched": count, "missing": 0, "unexpected": 0}
    found = backbone.network.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_published_weights_take_the_place_of_training(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network has its published size, whatever the scale has capped the parameters to."""
    tensors = published_file(tmp_path / "backbone.pth", "iresnet", 18)
    params = settings(identities, weights=tmp_path / "backbone.pth", depth=34, pairs=2)
    card = run(tmp_path, monkeypatch, params)
    assert card["weights"] == {"matched": 187, "missing": 0, "unexpected": 0}
    assert Architecture(**card["network"]) == Architecture("iresnet", 18, 1.0, 112, "insightface")
    found = load_backbone(tmp_path / "models/x").network.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    curve = pd.read_csv(tmp_path / "metrics/x.csv")
    assert curve["epoch"].tolist() == [0] and curve["score"].tolist() == curve["auc"].tolist()


def test_a_partial_backbone_is_refused(tmp_path: Path) -> None:
    tensors = build_backbone("iresnet", 18).network.state_dict()
    del tensors["layer4.1.conv2.weight"]
    torch.save(tensors, tmp_path / "part.pth")
    with pytest.raises(UserError, match=r"part\.pth: .*186 tensors matched, 1 missing \(layer4\.1\.conv2"):
        import_backbone("iresnet", tmp_path / "part.pth")


def test_another_network_of_the_same_names_is_refused(tmp_path: Path) -> None:
    torch.save(build_backbone("iresnet", 18, width=0.5).network.state_dict(), tmp_path / "narrow.pth")
    with pytest.raises(UserError, match=r"narrow\.pth: .*of another shape \(conv1\.weight"):
        import_backbone("iresnet", tmp_path / "narrow.pth")


def test_nobody_to_verify_with_is_an_error_without_outs(
    tmp_path: Path, identities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = pd.read_parquet(identities / "labels.parquet").assign(split="train")
    labels.to_parquet(identities / "labels.parquet")
    with pytest.raises(UserError, match="identities: split validation needs two identities"):
        run(tmp_path, monkeypatch, settings(identities))
    assert not (tmp_path / "models").exists() and not (tmp_path / "metrics").exists()
