"""A step of training, as its stage would take it, apart from the stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from stages.core.card import kind_named
from stages.core.params import Values, check
from stages.core.paths import INDEX, MODELS
from stages.landmarks.__main__ import Params as LandmarkParams
from stages.landmarks.heatmaps import gaussian_heatmaps
from stages.networks.common.backbones import build_backbone
from stages.networks.hrnet import STRIDE, landmark_hrnet
from stages.params.places import in_force, stages
from stages.pretrain.__main__ import Params as PretrainParams
from stages.pretrain.cosface import CosFace, Recogniser
from stages.pretrain.recognition import Batch, recognition_loss
from stages.training.fit import Loss
from stages.training.footage import Split, read_split
from stages.training.recipe import Recipe
from stages.training.trained import Models

SYSTEMS = ("finetune", "clips", "audio", "sequence")  # verbs that train a step of a system, in their order
POINTS = 106
# People of the published training sets: Glint360K (arcface_torch/configs/glint360k_r100.py) and VGGFace2 (Cao et al.
# 2018, table 2).
PEOPLE = {"iresnet": 360_232, "vggface2": 8_631}


class Step(NamedTuple):
    """What `fit` takes: a model, its loss, batches by epoch; and the recipe that builds its optimizer."""

    model: nn.Module
    loss: Loss
    batches: Callable[[int], Iterable[Any]]
    recipe: Recipe


def runs(values: Values) -> Iterator[str]:
    """The runs that train a step of a system, `verb@run`, those that others read first."""
    for verb in SYSTEMS:
        yield from (stage for stage in stages(values) if stage.startswith(f"{verb}@"))


def params_of(values: Values, stage: str, **changes: Any) -> Any:
    """Parameters in force of a run, changed where it has such a key."""
    model = kind_named(stage.split("@")[0]).Params
    own = {key: value for key, value in changes.items() if key in model.model_fields}
    return check(model, in_force(values, stage) | own, stage)


def step_of(values: Values, stage: str, fabric: Fabric, scratch: Path, **changes: Any) -> Step:
    """A run's step, from what the pipeline has left in the working folder."""
    kind, params = kind_named(stage.split("@")[0]), params_of(values, stage, **changes)
    card, models = kind.describe(params), Models(MODELS, fabric.device)
    seen = read_split(pd.read_parquet(INDEX), "train", models, scratch)
    return Step(kind.build(card, params), kind.loss(params), kind.batches(params, card, seen, fabric), params)


def held_out(device: torch.device, scratch: Path) -> Split:
    """The validation frames, with the models that others read on a device."""
    return read_split(pd.read_parquet(INDEX), "validation", Models(MODELS, device), scratch)


def recognition(values: Values, name: str, fabric: Fabric, batch: int) -> Step:
    """Pretraining of a backbone on the people of its published set: noise in the form of prepared images."""
    params = check(PretrainParams, in_force(values, f"pretrain@{name}") | {"batch": batch}, name)
    backbone = build_backbone(params.kind, params.depth, params.width, params.input_size)
    head = CosFace(backbone.features, PEOPLE[name], params.cosface_scale, params.cosface_margin)
    images = torch.randn(batch, 3, params.input_size, params.input_size, device=fabric.device)
    people = torch.randint(0, PEOPLE[name], (batch,), device=fabric.device)
    lesson = Batch(images.contiguous(memory_format=torch.channels_last), people)
    return Step(Recogniser(backbone, head), recognition_loss, lambda _: [lesson], params)


def landmarks(values: Values, fabric: Fabric, batch: int) -> Step:
    """A step of the landmark network on noise, with points anywhere."""
    params = check(LandmarkParams, in_force(values, "landmarks") | {"batch": batch}, "landmarks")
    network = landmark_hrnet(POINTS, params.width, params.modules, params.blocks)
    images = torch.randn(batch, 3, params.input_size, params.input_size, device=fabric.device)
    size = params.input_size // STRIDE
    points = torch.rand(batch, POINTS, 2, device=fabric.device) * size

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        return {"loss": mse_loss(model(batch[0]), gaussian_heatmaps(batch[1], size, params.sigma))}

    return Step(network, loss, lambda _: [(images, points)], params)
