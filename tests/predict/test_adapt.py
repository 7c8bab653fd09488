"""Statistics taken from the faces at hand: what a camera has shifted comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from stages.core.card import save_weights
from stages.core.labels import AU_NAMES
from stages.media.extract import Search
from stages.networks.common.weights import load_file_into
from stages.predict.adapt import FEWEST, restate, thinned
from stages.predict.films import Look, adapted, frames_of, trained
from stages.training.trained import Models
from tests.predict.saved import astronaut, film, save_step, save_system

LOOK = Look(Search(detect_every=5))
CPU = torch.device("cpu")


def test_statistics_are_those_of_all_that_was_seen() -> None:
    """Of one batch as torch's own training mode finds them, layer by layer; of several, over all of it."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)
    )
    images = torch.randn(6, 3, 9, 9) * 3 + 1
    own = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5))
    )
    own.load_state_dict(model.state_dict())
    for norm in (own[1], own[4]):
        norm.momentum = 1.0  # type: ignore[assignment]
    own.train()(images)
    assert restate(model.eval(), lambda: model(images)) == 2
    for place in (1, 4):
        torch.testing.assert_close(model[place].running_mean, own[place].running_mean)
        torch.testing.assert_close(model[place].running_var, own[place].running_var, rtol=0.02, atol=0)
    restate(model, lambda: [model(part) for part in images.split([4, 2])])
    torch.testing.assert_close(model[1].running_mean, own[1].running_mean)
    assert not model[1]._forward_pre_hooks and not model.training


def test_a_shifted_network_is_brought_back(tmp_path: Path) -> None:
    """Two copies of a network, one with statistics that fit nothing: adapted to the film they say the same."""
    shades = np.random.default_rng(0).uniform(0.5, 1.0, FEWEST + 8)
    frames = [(astronaut() * shade).astype(np.uint8) for shade in shades]
    video = film(tmp_path / "clip.mp4", frames, rate=10)
    torch.manual_seed(0)
    for name in ("good", "spoilt"):
        torch.manual_seed(0)
        save_step(tmp_path / name / "models", "tiny", "visual")
        save_system(tmp_path / name / "models", "tiny", dict.fromkeys(AU_NAMES, "visual"), {})
    spoil(tmp_path / "spoilt/models")
    plain, shifted = (said(video, tmp_path / name / "models", adapt=False) for name in ("good", "spoilt"))
    first, second = (said(video, tmp_path / name / "models", adapt=True) for name in ("good", "spoilt"))
    assert np.abs(plain - shifted).max() > 0.05
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert np.abs(first - plain).max() > 1e-3, "an untrained network's statistics fit nothing either"


def spoil(root: Path) -> None:
    models = Models(root, CPU)
    model, _ = models.load(root / "tiny/visual")
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.add_(0.7)  # type: ignore[union-attr]
            module.running_var.mul_(3.0)  # type: ignore[union-attr]
    path = root / "tiny/visual/epoch_01.safetensors"
    save_weights(path, model.state_dict())
    load_file_into(model, path)


def said(video: Path, root: Path, adapt: bool) -> np.ndarray:
    models = adapted([video], LOOK, root) if adapt else Models(root, CPU)
    rows: pd.DataFrame = frames_of(video, {video: trained("tiny", models)}, LOOK)[video]
    return rows.loc[rows["x0"].notna(), list(AU_NAMES)].to_numpy()


def test_few_faces_leave_the_models_as_they_are(
    silent: Path, models: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = adapted([silent], LOOK, models)
    assert type(found) is Models
    assert "--adapt: 8 faces tell no statistics" in capfd.readouterr().err


def test_faces_are_thinned_evenly() -> None:
    images = np.arange(10, dtype=np.uint8)[:, None, None, None]
    assert thinned(images, 4).ravel().tolist() == [0, 3, 6, 9]
    assert thinned(images, 50).ravel().tolist() == list(range(10))
