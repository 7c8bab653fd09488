"""A recognition backbone: trained with CosFace on identities, or imported from a published weight file.

Run: python -m stages.pretrain NAME, a block of section `pretrain` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightning_fabric import Fabric

from stages.corpora.stills import Stills, read_stills
from stages.errors import UserError
from stages.learning.augment import Augment
from stages.learning.card import save_model
from stages.learning.fit import History, fit
from stages.learning.recognition import embed, identity_batches, polynomial_sgd, recognition_loss
from stages.learning.state import data_digest, resumable
from stages.learning.verification import Pairs, draw_pairs, similarities, verification_scores
from stages.networks.backbones import Backbone, build_backbone
from stages.networks.cosface import CosFace, Recogniser
from stages.networks.pretrained import import_backbone
from stages.params import Strict, load
from stages.reporting.files import write_csv, write_json
from stages.runtime import argument, atomic_dir, fabric, log, main, setup_torch

MODELS = Path("models/pretrain")
METRICS = Path("metrics/pretrain")
SCORES = ("auc", "accuracy")  # of verification

Result = tuple[dict[str, Any], Backbone, History]  # what the card says of the network, the network, its curve


class Params(Strict):
    """Block `pretrain.<name>` of params.yaml."""

    identities: Path
    weights: Path | None
    kind: str
    depth: int
    width: float
    input_size: int
    dropout: float
    scale: float
    margin: float
    epochs: int
    batch: int
    lr: float
    momentum: float
    weight_decay: float
    clip_norm: float
    augment: Augment
    pairs: int
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
    stills = read_stills(params.identities)
    pairs = held_out_pairs(stills, params)
    settings, inputs = params.model_dump(mode="json"), sources(params)
    with resumable("pretrain", settings, inputs) as state:
        origin, backbone, history = (
            imported(params, stills, pairs, machine)
            if params.weights
            else trained(params, stills, pairs, machine, state)
        )
        card = {"stage": "pretrain", "system": name, "params": settings, "data": data_digest(inputs)}
        if machine.is_global_zero:
            publish(backbone, history, {**card, **origin}, models / name, metrics / name)


def publish(backbone: Backbone, history: History, card: dict[str, Any], model: Path, metrics: Path) -> None:
    """Write the folder `model`, and `metrics` with the suffixes .json and .csv."""
    scores = {key: history[-1][key] for key in SCORES}
    with atomic_dir(model) as folder:
        save_model(folder, backbone.network.state_dict(), {**card, "scores": scores})
    write_json(metrics.with_suffix(".json"), scores)
    write_csv(metrics.with_suffix(".csv"), pd.DataFrame(history))


def trained(params: Params, stills: Stills, pairs: Pairs, machine: Fabric, state: Path) -> Result:
    """A backbone trained with CosFace on the training identities."""
    network = params.model_dump(include={"kind", "depth", "width", "input_size"})
    backbone = build_backbone(**network, dropout=params.dropout)
    people = stills.labels["identity"].to_numpy(str)[stills.rows("train")]
    head = CosFace(backbone.features, len(np.unique(people)), params.scale, params.margin)
    model = Recogniser(backbone, head)
    optimizer, schedule = polynomial_sgd(
        model, params.lr, params.momentum, params.weight_decay, params.epochs
    )
    history = fit(
        model,
        recognition_loss,
        identity_batches(stills, params.augment, backbone.front_end, params.batch, params.seed, machine),
        optimizer=optimizer,
        scheduler=schedule,
        epochs=params.epochs,
        seed=params.seed,
        state=state,
        fabric=machine,
        on_epoch=lambda _: verified(backbone, stills, pairs),
        clip_norm=params.clip_norm,
    )
    return {"network": network}, backbone, history


def imported(params: Params, stills: Stills, pairs: Pairs, machine: Fabric) -> Result:
    """A published file's backbone, whole and at its published size."""
    assert params.weights is not None
    backbone, network, report = import_backbone(params.kind, params.weights)
    log.print(f"{params.weights}: {report}")
    machine.to_device(backbone)
    return {"network": network, "weights": report.counts()}, backbone, [verified(backbone, stills, pairs)]


def held_out_pairs(stills: Stills, params: Params) -> Pairs:
    """Pairs of images of held-out identities, as rows of the still set."""
    rows = stills.rows("validation")
    people = stills.labels["identity"].to_numpy(str)[rows]
    pairs = draw_pairs(people, params.pairs, params.seed)
    if not pairs.same.any() or pairs.same.all():
        raise UserError(
            f"{params.identities}: split validation needs two identities with two images each to verify "
            f"with, it has {len(rows)} images of {len(np.unique(people))}; add some"
        )
    return Pairs(rows[pairs.left], rows[pairs.right], pairs.same)


def verified(backbone: Backbone, stills: Stills, pairs: Pairs) -> dict[str, float]:
    """Verification scores of the backbone on held-out pairs."""
    rows, places = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    features = embed(backbone, stills.images, rows)
    left, right = np.split(places, 2)
    return verification_scores(similarities(features, Pairs(left, right, pairs.same)), pairs.same)


def sources(params: Params) -> list[Path]:
    """What the result depends on beside code and parameters."""
    return [params.identities, *([params.weights] if params.weights else [])]


if __name__ == "__main__":
    main(run)
