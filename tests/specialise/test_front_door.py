"""Stage specialise on stills that smile or do not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.networks.common.architecture import Architecture
from stages.networks.common.pretrained import load_backbone
from stages.specialise.__main__ import Params, specialise
from stages.training.samples.augment import Augment
from tests.cards import backbone_card

NETWORK = Architecture(kind="iresnet", depth=18, width=0.25, input_size=32)


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    """Twelve people, four noisy stills of each, the last four people held out.

    Every second still smiles, with a white lower third and all AUs; each person's first is not labelled.
    """
    random = np.random.default_rng(0)
    folder = tmp_path / "stills"
    folder.mkdir()
    images = random.integers(30, 225, (48, 112, 112, 3), np.uint8)
    images[1::2, 75:] = 255
    np.save(folder / "images.npy", images)
    people = np.repeat(np.arange(12), 4)
    splits = np.where(people < 8, "train", "validation")
    labels = pd.DataFrame({"identity": [f"p{person}" for person in people], "split": splits})
    smiles = np.arange(48) % 2
    labels["expression"] = np.where(smiles, 4, 5).astype(np.int8)
    for name in AU_NAMES:
        labels[name] = smiles.astype(np.int8)
    labels.loc[::4, ["expression", *AU_NAMES]] = -1
    labels.to_parquet(folder / "labels.parquet")
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A backbone with random weights."""
    torch.manual_seed(0)
    folder = tmp_path / "start"
    save_model(folder, NETWORK.build().network.state_dict(), backbone_card(NETWORK))
    return folder


def settings(start: Path, stills: Path, **changes: Any) -> Params:
    ours: dict[str, Any] = {
        "backbone": start, "stills": stills, "target": "EXPR", "epochs": 6, "batch": 8, "lr": 0.05,
        "schedule": "polynomial", "weight_decay": 1e-4, "clip_norm": 5.0,
        "augment": Augment(flip=0.5, noise=0.02), "seed": 1, "threads": 1,
    }  # fmt: skip
    return Params(**(ours | changes))


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: Params) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    specialise("x", params, tmp_path / "models", tmp_path / "metrics")
    card: dict[str, Any] = json.loads((tmp_path / "models/x/card.json").read_text())
    return card


@pytest.mark.parametrize(("target", "names"), [("EXPR", ["f1", "accuracy"]), ("AU", ["auc", "f1"])])
def test_expressions_and_units_are_learnt(
    tmp_path: Path, start: Path, stills: Path, monkeypatch: pytest.MonkeyPatch, target: str, names: list[str]
) -> None:
    card = run(tmp_path, monkeypatch, settings(start, stills, target=target))
    history = pd.read_csv(tmp_path / "metrics/x.csv")
    assert set(card["scores"]) == set(names) and card["scores"][names[0]] > 0.8
    assert history["score"].iloc[-1] == pytest.approx(card["scores"][names[0]], abs=1e-3)
    assert json.loads((tmp_path / "metrics/x.json").read_text())[names[0]] == history["score"].iloc[-1]


def test_the_backbone_goes_on_from_the_start_and_keeps_its_network(
    tmp_path: Path, start: Path, stills: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = run(tmp_path, monkeypatch, settings(start, stills, epochs=1, lr=1e-12))
    assert card["network"] == asdict(NETWORK)
    before, after = (load_backbone(folder).state_dict() for folder in (start, tmp_path / "models/x"))
    assert all(torch.allclose(before[name], after[name]) for name in before if name.endswith("weight"))


@pytest.mark.parametrize(("target", "column"), [("EXPR", "expression"), ("AU", "AU1")])
def test_stills_without_labels_of_the_target_are_named(
    tmp_path: Path, start: Path, stills: Path, monkeypatch: pytest.MonkeyPatch, target: str, column: str
) -> None:
    labels = pd.read_parquet(stills / "labels.parquet")
    labels.drop(columns=column).to_parquet(stills / "labels.parquet")
    with pytest.raises(UserError, match=rf"labels\.parquet: column {column} is missing"):
        run(tmp_path, monkeypatch, settings(start, stills, target=target))
    labels.loc[labels["split"] == "validation", ["expression", *AU_NAMES]] = -1
    labels.to_parquet(stills / "labels.parquet")
    with pytest.raises(UserError, match=rf"split validation has no label of {target}"):
        run(tmp_path, monkeypatch, settings(start, stills, target=target))
    assert not (tmp_path / "models").exists()
