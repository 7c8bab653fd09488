"""A recognition backbone: trained with CosFace on identities, or imported from a published weight file.

Run: python -m stages.pretrain NAME, a block of section `pretrain` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path

from lightning_fabric import Fabric

from stages.core.params import load_training
from stages.core.paths import METRICS, PRETRAINED
from stages.core.runtime import argument, log, main
from stages.core.stand_ins import is_undrawn
from stages.networks.common.architecture import Architecture
from stages.networks.common.pretrained import import_backbone
from stages.pretrain.recognition import identities, verified, with_pairs
from stages.training.pretraining import Result, produce
from stages.training.recipe import Recipe
from stages.training.samples.augment import Augment

NETWORK = {"kind", "depth", "width", "input_size"}


class Params(Recipe):
    """Block `pretrain.<name>` of params.yaml."""

    stills: Path
    weights: Path | None
    kind: str
    depth: int
    width: float
    input_size: int
    cosface_scale: float
    cosface_margin: float
    pairs: int
    augment: Augment


def run() -> None:
    """Read params; train or import the backbone; write it, its scores and the training curve."""
    name = argument("backbone")
    pretrain(name, load_training(Params, f"pretrain.{name}"), PRETRAINED, METRICS / "pretrain")


def pretrain(name: str, params: Params, models: Path, metrics: Path) -> None:
    """Write `models`/name (weights, card), `metrics`/name.json (scores) and .csv (the training curve)."""
    stills = None if params.weights and is_undrawn(params.stills) else params.stills
    files = [path for path in (stills, params.weights) if path]

    def make(state: Path, machine: Fabric) -> Result:
        if params.weights:
            return imported(params, params.weights, stills, machine)
        return trained(params, state, machine)

    produce("pretrain", name, params, files, [params.kind], make, models, metrics)


def trained(params: Params, state: Path, machine: Fabric) -> Result:
    """A backbone trained on the people of the stills."""
    network = Architecture(**params.model_dump(include=NETWORK))
    backbone = network.build(params.dropout)
    stills, pairs = with_pairs(params.stills, params.pairs, params.seed)
    lesson = identities(
        backbone,
        stills,
        pairs,
        params.augment,
        scale=params.cosface_scale,
        margin=params.cosface_margin,
        batch=params.batch,
        seed=params.seed,
        fabric=machine,
    )
    return Result(network, backbone, lesson.learn(params, state, machine))


def imported(params: Params, weights: Path, stills: Path | None, machine: Fabric) -> Result:
    """A published file's backbone, whole and at its published size, measured by telling people apart.

    Without `stills` it is not measured.
    """
    pairs = with_pairs(stills, params.pairs, params.seed) if stills else None
    backbone, network, report = import_backbone(params.kind, weights)
    log.print(f"{weights}: {report}")
    machine.to_device(backbone)
    history = [{"epoch": 0.0, **(verified(backbone, *pairs) if pairs else {})}]
    return Result(network, backbone, history, report.counts())


if __name__ == "__main__":
    main(run)
