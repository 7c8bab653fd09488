"""Everything that trains or predicts does so by operations that CUDA has deterministic kernels for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.clips.augment import brighten
from stages.core.card import kind_named
from stages.core.labels import AU_NAMES
from stages.core.params import check, read_params
from stages.core.paths import METRICS, PRETRAINED
from stages.core.runtime import setup_torch
from stages.embed.__main__ import Params as EmbedParams
from stages.embed.__main__ import embed
from stages.landmarks.__main__ import Params as LandmarkParams
from stages.landmarks.__main__ import build_landmarks
from stages.networks.common.backbones import find_published, kinds
from stages.networks.tsav import PublishedTSAV, prepare
from stages.params.places import in_force, stages
from stages.pretrain.__main__ import Params as PretrainParams
from stages.pretrain.__main__ import pretrain
from stages.specialise.__main__ import Params as SpecialiseParams
from stages.specialise.__main__ import specialise
from stages.training.checkpoints import outs_of
from stages.training.samples.augment import Augment
from stages.training.step import train_step
from tests.determinism import Operations
from tests.world import TRIALS, build_world

VALUES = read_params(Path(__file__).parents[1] / "params.yaml") | {"scale": "smoke", "threads": 1}
TRAINED = ("finetune", "clips", "embed", "audio", "sequence")  # verbs, in the order of the pipeline
RUNS = [stage for verb in TRAINED for stage in stages(VALUES) if stage.startswith(f"{verb}@")]
SHORT = {"epochs": 1, "milestones": (1,), "extra": True, "batches": 3, "batch": 16}
ALL = Augment(
    0.5, 0.8, 5, 5, 0.3, 0.1, 0.3, gamma=0.5, shade=0.5, grey=1, blur=1, shrink=1, jpeg=1, noise=0.1
)


def values(stage: str, model: Any) -> dict[str, Any]:
    """Of a stage in params.yaml at smoke scale, for fewer and smaller batches."""
    found = in_force(VALUES, stage)
    short = {key: value for key, value in SHORT.items() if key in model.model_fields}
    folds = {"folds": 2, "fold": min(found["fold"], 2)} if "fold" in found else {}
    return found | short | folds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    (root / "data/mel/jin2021").rename(root / "data/mel/wang2021")
    (root / "data/mel/jin2021").symlink_to("wang2021")
    masks = root / "data/masks/filled"
    masks.mkdir(parents=True)
    for trial in TRIALS:
        np.save(masks / f"{trial}.npy", np.load(root / f"data/frames/{trial}.npy")[..., 0])
    stills(root)
    return root


def stills(root: Path) -> None:
    """Four noisy stills of each of twelve people with points, the last six held out, for all that learns of stills."""
    random = np.random.default_rng(0)
    labels = pd.DataFrame({"identity": np.repeat([f"p{n:02}" for n in range(12)], 4)})
    labels["split"] = np.repeat(["train", "validation"], 24)
    labels["expression"] = (np.arange(48) % 7).astype(np.int8)
    labels[list(AU_NAMES)] = np.tile(np.arange(48)[:, None] % 2, 12).astype(np.int8)
    for name in ("identities", "affect", "landmarks"):
        folder = root / "data/stills" / name
        folder.mkdir(exist_ok=True)
        np.save(folder / "images.npy", random.integers(0, 256, (48, 112, 112, 3), np.uint8))
        np.save(folder / "points.npy", random.uniform(20, 90, (48, 106, 2)).astype(np.float32))
        labels.to_parquet(folder / "labels.parquet")


@pytest.fixture
def seen(world: Path, monkeypatch: pytest.MonkeyPatch) -> Operations:
    monkeypatch.chdir(world)
    return Operations()


@pytest.fixture(scope="module")
def backbones(world: Path) -> dict[str, Operations]:
    """What pretraining does, a backbone of each kind; then what trains one of them further."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        found = {kind: recognition(kind) for kind in kinds()}
        return found | {name: specialisation(name) for name in ("expressions", "units")}


def recognition(kind: str) -> Operations:
    block = "vggface2" if "vggface2" in kind else "iresnet"
    own = values(f"pretrain@{block}", PretrainParams)
    shape = {"kind": kind, "depth": find_published(kind).depths[0], "input_size": 32, "pairs": 5}
    with Operations() as seen:
        pretrain(kind, PretrainParams(**own | shape), PRETRAINED, METRICS / "pretrain")
    return seen


def specialisation(name: str) -> Operations:
    params = SpecialiseParams(**values(f"specialise@{name}", SpecialiseParams))
    with Operations() as seen:
        specialise(name, params, PRETRAINED, METRICS / "pretrain")
    return seen


@pytest.mark.parametrize("name", [*kinds(), "expressions", "units"])
def test_backbones(backbones: dict[str, Operations], name: str) -> None:
    assert learnt(backbones[name]) and not backbones[name].refused


def test_landmarks(seen: Operations) -> None:
    with seen:
        build_landmarks(LandmarkParams(**values("landmarks", LandmarkParams)))
    assert learnt(seen) and not seen.refused


@pytest.fixture(scope="module")
def ran(world: Path, backbones: dict[str, Operations]) -> dict[str, Operations]:
    """What every run does, in the order of the pipeline: later ones read what earlier ones leave."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        return {stage: operations(stage) for stage in RUNS}


def operations(stage: str) -> Operations:
    """A few steps of a run and its predictions, or a run's features."""
    verb = stage.split("@")[0]
    with Operations() as seen:
        if verb == "embed":
            embed(EmbedParams(**in_force(VALUES, stage)))
        else:
            kind = kind_named(verb)
            params = check(kind.Params, values(stage, kind.Params), stage)
            train_step(kind, params, outs_of(params.system, params.step))
    return seen


@pytest.mark.parametrize("stage", RUNS)
def test_a_step_of_every_run_and_its_predictions(ran: dict[str, Operations], stage: str) -> None:
    assert (stage.startswith("embed@") or learnt(ran[stage])) and not ran[stage].refused


def learnt(seen: Operations) -> bool:
    """Whether what was noted holds a backward pass, without which nothing is shown."""
    return any(name.endswith("_backward") for name in seen.names)


def test_published_tsav(seen: Operations) -> None:
    setup_torch(1, 0)
    with seen, torch.no_grad():
        PublishedTSAV().eval()(
            prepare(torch.zeros(1, 8, 32, 32, 4, dtype=torch.uint8)), torch.zeros(1, 1, 64, 64)
        )
    assert "convolution" in seen.names and not seen.refused


def test_what_changes_images(seen: Operations) -> None:
    """All changes of a face at once, and the teacher's light; they may run in a thread of their own in training."""
    images = torch.randint(0, 256, (4, 112, 112, 3), dtype=torch.uint8)
    with seen:
        ALL(images, 80, torch.Generator().manual_seed(0))
        brighten(torch.zeros(2, 2, 16, 16, 4, dtype=torch.uint8), torch.ones(2))
    assert "grid_sampler_2d" in seen.names and not seen.refused


def learn(change: Callable[[Tensor], Tensor]) -> Callable[[], None]:
    def run() -> None:
        x = torch.randn(2, 3, 8, 8, requires_grad=True)
        change(x).sum().backward()

    return run


GRID = torch.zeros(2, 4, 4, 2)
RAISING: dict[str, Callable[[], object]] = {
    "upsample_bilinear2d_backward": learn(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear")),
    "_adaptive_avg_pool2d_backward": learn(nn.AdaptiveAvgPool2d(2)),
    "reflection_pad2d_backward": learn(nn.ReflectionPad2d(1)),
    "grid_sampler_2d_backward": learn(lambda x: F.grid_sample(x, GRID, align_corners=False)),
    "nll_loss2d_forward": learn(lambda x: F.cross_entropy(x, torch.zeros(2, 8, 8, dtype=torch.long))),
    "cumsum": lambda: torch.rand(4).cumsum(0),
    "median": lambda: torch.rand(4, 2).median(0),
    "bincount": lambda: torch.zeros(3, dtype=torch.long).bincount(torch.ones(3)),
    "max_pool3d_with_indices_backward": learn(lambda x: F.max_pool3d(x[None], 2)),
}
FINE: dict[str, Callable[[], object]] = {
    "mean": learn(nn.AdaptiveAvgPool2d(1)),
    "cumsum": lambda: torch.ones(4, dtype=torch.long).cumsum(0),
    "nll_loss_forward": learn(lambda x: F.cross_entropy(x.mean((2, 3)), torch.zeros(2, dtype=torch.long))),
    "grid_sampler_2d": lambda: F.grid_sample(torch.rand(2, 3, 8, 8), GRID, align_corners=False),
}


@pytest.mark.parametrize("name", RAISING)
def test_an_operation_that_cuda_refuses_is_found(name: str) -> None:
    with Operations() as seen:
        RAISING[name]()
    assert name in seen.refused


@pytest.mark.parametrize("name", FINE)
def test_one_that_it_takes_is_not(name: str) -> None:
    with Operations() as seen:
        FINE[name]()
    assert name in seen.names and not seen.refused
