"""A backbone: trained on identities, expressions or action units of stills, or a published weight file.

Run: python -m stages.pretrain NAME, a block of section `pretrain` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
from lightning_fabric import Fabric

from stages.learning.affect import affect
from stages.learning.augment import Augment
from stages.learning.card import save_model
from stages.learning.fit import History, fit
from stages.learning.recipe import Recipe
from stages.learning.recognition import identities, verified, with_pairs
from stages.learning.state import data_digest, resumable
from stages.learning.supervision import Supervision
from stages.networks.backbones import Backbone, build_backbone
from stages.networks.pretrained import import_backbone
from stages.params import load
from stages.reporting.files import write_csv, write_json
from stages.runtime import argument, atomic_dir, fabric, log, main, setup_torch

MODELS = Path("models/pretrain")
METRICS = Path("metrics/pretrain")
NETWORK = {"kind", "depth", "width", "input_size"}
# On people held out; the first of a target's is its `score`, the one to follow.
SCORES = {"identity": ("auc", "accuracy"), "EXPR": ("f1", "accuracy"), "AU": ("auc", "f1")}

Result = tuple[dict[str, Any], Backbone, History]  # what the card says, the backbone, its curve


class Params(Recipe):
    """Block `pretrain.<name>` of params.yaml; `scale`, `margin` and `pairs` belong to identities."""

    stills: Path
    target: Literal["identity", "EXPR", "AU"]
    weights: Path | None
    kind: str
    depth: int
    width: float
    input_size: int
    scale: float = 64.0
    margin: float = 0.4
    pairs: int = 3000
    augment: Augment
    seed: int
    threads: int


def run() -> None:
    """Read params; train or import the backbone; write it, its scores and the training curve."""
    name = argument("backbone")
    pretrain(name, load(Params, f"pretrain.{name}", f"pretrain@{name}"), MODELS, METRICS)


def pretrain(name: str, params: Params, models: Path, metrics: Path) -> None:
    """Write `models`/name (weights, card), `metrics`/name.json (scores) and .csv (the training curve)."""
    setup_torch(params.threads, params.seed)
    machine = fabric()
    machine.launch()
    settings, inputs = params.model_dump(mode="json"), sources(params)
    with resumable("pretrain", settings, inputs) as state:
        origin, backbone, history = (
            imported(params, params.weights, machine) if params.weights else trained(params, machine, state)
        )
        card = {"stage": "pretrain", "system": name, "params": settings, "data": data_digest(inputs)}
        if machine.is_global_zero:
            card["scores"] = {key: history[-1][key] for key in SCORES[measured(params)]}
            publish(backbone, history, {**card, **origin}, models / name, metrics / name)


def publish(backbone: Backbone, history: History, card: dict[str, Any], model: Path, metrics: Path) -> None:
    """Write the folder `model`, and `metrics` with the suffixes .json and .csv."""
    with atomic_dir(model) as folder:
        save_model(folder, backbone.network.state_dict(), card)
    write_json(metrics.with_suffix(".json"), card["scores"])
    curve = pd.DataFrame(history)
    write_csv(metrics.with_suffix(".csv"), curve.assign(score=curve[next(iter(card["scores"]))]))


def trained(params: Params, machine: Fabric, state: Path) -> Result:
    """A backbone trained on what the stills are labelled with."""
    network = params.model_dump(include=NETWORK)
    backbone = build_backbone(**network, dropout=params.dropout)
    model, loss, batches, validate = supervision(params, backbone, machine)
    optimizer, scheduler = params.build(model)
    history = fit(
        model,
        loss,
        batches,
        optimizer=optimizer,
        scheduler=scheduler,
        epochs=params.epochs,
        seed=params.seed,
        state=state,
        fabric=machine,
        on_epoch=lambda _: validate(),
        clip_norm=params.clip_norm,
    )
    return {"network": network}, backbone, history


def supervision(params: Params, backbone: Backbone, machine: Fabric) -> Supervision:
    """Head, batches and scores of the target."""
    common: dict[str, Any] = {"batch": params.batch, "seed": params.seed, "fabric": machine}
    if params.target != "identity":
        return affect(backbone, params.target, params.stills, params.augment, **common)
    stills, pairs = with_pairs(params.stills, params.pairs, params.seed)
    common |= {"scale": params.scale, "margin": params.margin}
    return identities(backbone, stills, pairs, params.augment, **common)


def imported(params: Params, weights: Path, machine: Fabric) -> Result:
    """A published file's backbone, whole and at its published size.

    It brings no head for the labels of the stills, so that it is measured by telling people apart.
    """
    stills, pairs = with_pairs(params.stills, params.pairs, params.seed)
    backbone, network, report = import_backbone(params.kind, weights)
    log.print(f"{weights}: {report}")
    machine.to_device(backbone)
    scores = verified(backbone, stills, pairs)
    return {"network": network, "weights": report.counts()}, backbone, [{"epoch": 0.0, **scores}]


def measured(params: Params) -> str:
    """The target whose scores there are."""
    return "identity" if params.weights else params.target


def sources(params: Params) -> list[Path]:
    """What the result depends on beside code and parameters."""
    return [params.stills, *([params.weights] if params.weights else [])]


if __name__ == "__main__":
    main(run)
