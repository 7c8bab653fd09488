"""The landmark network finds what its points were set on, and not where the points of others were given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.landmarks import __main__ as front_door
from stages.landmarks.__main__ import Params, build_landmarks

PICTURES, HELD_OUT = 96, 16


def build_stills(folder: Path) -> Path:
    """A bright disc somewhere on noise; the points lie on a small circle around its middle."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:112, :112]
    middles = random.uniform(30, 82, (PICTURES, 2))
    distance = np.hypot(x - middles[:, 0, None, None], y - middles[:, 1, None, None])
    images = 60 + 30 * random.normal(size=(PICTURES, 112, 112, 1)) + 150 * (distance < 12)[..., None]
    turn = np.linspace(0, 2 * np.pi, 106, endpoint=False)
    points = middles[:, None] + 10 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    folder.mkdir()
    np.save(folder / "images.npy", np.clip(images.repeat(3, axis=-1), 0, 255).astype(np.uint8))
    np.save(folder / "points.npy", points.astype(np.float32))
    split = ["train"] * (PICTURES - HELD_OUT) + ["validation"] * HELD_OUT
    table = pd.DataFrame({"identity": [f"p{number}" for number in range(PICTURES)], "split": split})
    table.to_parquet(folder / "labels.parquet")
    return folder


def error(stills: Path, name: str) -> float:
    """Median distance of the found points, in distances of the eyes' corners (here of two points)."""
    params = Params(
        seed=1, threads=1, stills=stills, weights=None, scheme="jd106", width=4, modules=(1, 1, 1), blocks=1,
        input_size=64, sigma=1.5, refinement="parabola", rotation=0, scaling=0, augment={}, epochs=10, batch=8,
        optimizer="adam", lr=0.003, schedule="constant",
    )  # fmt: skip
    build_landmarks(params, Path("models", name), Path("metrics", name))
    return float(json.loads(Path(f"metrics/{name}/landmarks.json").read_text())["nme"]["median"])


def test_points_are_found_where_they_belong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stills = build_stills(tmp_path / "stills")
    right = error(stills, "right")
    batches = front_door.landmark_batches

    def exchanged(*arguments: Any, **options: Any) -> Any:
        def epoch(number: int) -> Iterator[Any]:
            for images, points in batches(*arguments, **options)(number):
                yield images, points.flip(0)

        return epoch

    monkeypatch.setattr(front_door, "landmark_batches", exchanged)
    assert right < error(stills, "mutated") / 2, "it learns from points that belong to other pictures"
