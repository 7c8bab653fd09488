"""A recognition backbone tells people apart by what belongs to them, and not where their names are mixed up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.pretrain import recognition
from stages.pretrain.__main__ import Params, pretrain
from stages.training.samples.augment import Augment

PEOPLE, HELD_OUT, STILLS = 40, 12, 6
LEARNT, CHANCE = 0.85, 0.75  # AUC of verification; pictures of one person have their stripes alone in common


def build_stills(folder: Path) -> Path:
    """People are stripes of a direction and a width; each still has a light, a colour and a shift of its own."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:112, :112]
    images = []
    for person in range(PEOPLE):
        angle, width = np.pi * person / PEOPLE * 7, 12 + 12 * (person % 4)
        for _ in range(STILLS):
            wave = np.sin(
                2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / width + random.uniform(0, 6.3)
            )
            colour = random.uniform(60, 190, 3)
            images.append(
                colour + 40 * random.uniform(0.5, 1) * wave[..., None] + random.normal(0, 8, (112, 112, 3))
            )
    folder.mkdir()
    np.save(folder / "images.npy", np.clip(images, 0, 255).astype(np.uint8))
    people = np.repeat(np.arange(PEOPLE), STILLS)
    split = np.where(people < PEOPLE - HELD_OUT, "train", "validation")
    table = pd.DataFrame({"identity": [f"p{person:02d}" for person in people], "split": split})
    table.to_parquet(folder / "labels.parquet")
    return folder


def auc(stills: Path, name: str) -> float:
    params = Params(
        seed=1, threads=1, stills=stills, weights=None, kind="iresnet", depth=18, width=0.25, input_size=32,
        cosface_scale=16.0, cosface_margin=0.1, epochs=8, batch=28, optimizer="adam", lr=0.002, schedule="constant",
        pairs=200, augment=Augment(),
    )  # fmt: skip
    pretrain(name, params, Path("models"), Path("metrics"))
    return float(json.loads(Path(f"metrics/{name}.json").read_text())["auc"])


def test_people_are_told_apart_by_what_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stills = build_stills(tmp_path / "stills")
    assert auc(stills, "right") > LEARNT
    batches = recognition.identity_batches

    def mixed_up(*arguments: Any) -> Any:
        def epoch(number: int) -> Iterator[recognition.Batch]:
            for batch in batches(*arguments)(number):
                yield recognition.Batch(batch.images, batch.identity.flip(0))

        return epoch

    monkeypatch.setattr(recognition, "identity_batches", mixed_up)
    assert auc(stills, "mutated") < CHANCE, "it learns from names that tell nothing"
