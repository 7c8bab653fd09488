from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from stages.networks.tsav import TSAV, TSAV_UNITS
from stages.predict.films import Predictor, trained
from stages.scoring.tables.labelled import UNITS
from stages.training.trained import Models
from tests.predict.saved import CARDS, astronaut, film, save_landmarks, save_step, save_system


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with a step of each kind: AU1 by eye, AU2 by clips, EXPR by ear, the rest by sequence."""
    models = tmp_path_factory.mktemp("project") / "models"
    torch.manual_seed(0)
    for step in CARDS:
        save_step(models, "tiny", step)
    save_landmarks(models)
    steps = dict.fromkeys(UNITS, "sequence") | {"AU1": "visual", "AU2": "clips", "EXPR": "audio"}
    save_system(models, "tiny", steps, {"AU1": 5})
    return models


@pytest.fixture(scope="module")
def system(models: Path) -> Predictor:
    return trained("tiny", Models(models, torch.device("cpu")))


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames without sound; nobody is there in the middle four."""
    face, empty = astronaut(), np.full((240, 240, 3), 90, np.uint8)
    frames = [face] * 4 + [empty] * 4 + [face] * 4
    return film(tmp_path_factory.mktemp("silent") / "clip.mp4", frames, rate=10)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like TSAV's published one, of random values."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("published") / "TSAV_Sub4_544k.pth.tar"
    torch.save({"state_dict": TSAV(TSAV_UNITS).state_dict()}, path)
    return path
