"""A recognition backbone tells people apart by what belongs to them, and not where their names are mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.pretrain import recognition
from stages.pretrain.__main__ import Params, pretrain
from stages.training.samples.augment import Augment

PEOPLE, STILLS = 36, 8
VERIFIED = 0.85  # AUC on people held out; pictures of one person have a hue alone in common
KNOWN, CHANCE = 0.5, 0.2  # share of pictures whose person comes first in training; 24 people


def build_stills(folder: Path) -> Path:
    """People are the hue of a patch; each still has a light and a place of it, and colours around it, of its own."""
    random = np.random.default_rng(0)
    images = []
    for person in range(PEOPLE):
        hue = np.array([np.cos(2 * np.pi * (person / PEOPLE - third / 3)) for third in range(3)])
        for _ in range(STILLS):
            image = random.uniform(30, 225, (4, 4, 3)).repeat(28, axis=0).repeat(28, axis=1)
            top, left = random.integers(10, 50, 2)
            image[top : top + 52, left : left + 52] = random.uniform(90, 150) + 80 * hue
            images.append(image + random.normal(0, 8, (112, 112, 3)))
    folder.mkdir()
    np.save(folder / "images.npy", np.clip(images, 0, 255).astype(np.uint8))
    people = np.repeat(np.arange(PEOPLE), STILLS)
    split = np.where(people % 3 > 0, "train", "validation")
    table = pd.DataFrame({"identity": [f"p{person:02d}" for person in people], "split": split})
    table.to_parquet(folder / "labels.parquet")
    return folder


def scores(stills: Path, name: str) -> tuple[float, float]:
    """AUC of verification, and the share of people known in the last epoch."""
    params = Params(
        seed=1, threads=1, stills=stills, weights=None, kind="iresnet", depth=18, width=0.25, input_size=32,
        cosface_scale=16.0, cosface_margin=0.1, epochs=12, batch=32, optimizer="adam", lr=0.003, schedule="constant",
        pairs=200, augment=Augment(),
    )  # fmt: skip
    pretrain(name, params, Path("models"), Path("metrics"))
    last = pd.read_csv(f"metrics/{name}.csv").iloc[-1]
    return float(last["auc"]), float(last["hits"])


def test_people_are_told_apart_by_what_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stills = build_stills(tmp_path / "stills")
    verified, known = scores(stills, "right")
    assert verified > VERIFIED and known > KNOWN
    batches = recognition.identity_batches

    def mixed_up(*arguments: Any) -> Any:
        def epoch(number: int) -> Iterator[recognition.Batch]:
            for batch in batches(*arguments)(number):
                yield recognition.Batch(batch.images, batch.identity.flip(0))

        return epoch

    monkeypatch.setattr(recognition, "identity_batches", mixed_up)
    assert scores(stills, "mutated")[1] < CHANCE, "it learns from names that tell nothing"
