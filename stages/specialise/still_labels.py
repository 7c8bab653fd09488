"""Pretraining a backbone on action units or expressions of stills (Jiang et al. 2022, 4.1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.networks.common.backbones import Backbone
from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.scoring.tables import measures
from stages.training.objectives import Objectives
from stages.training.pretraining import Scores, Supervision
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Faces, still_faces
from stages.training.samples.sampling import sampler
from stages.training.visual import predict_faces, turn_loss, turns

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Task = Literal["AU", "EXPR"]
COLUMNS: dict[Task, tuple[str, ...]] = {"AU": AU_NAMES, "EXPR": ("expression",)}


def affect(
    backbone: Backbone, task: Task, folder: Path, augment: Augment, *, batch: int, seed: int, fabric: Fabric
) -> Supervision:
    """Action units (binary cross-entropy) or expressions (cross-entropy) of stills, over what is labelled.

    Errors: UserError where the stills of a split have no label of the task.
    """
    train, held_out = (labelled(folder, split, task) for split in ("train", "validation"))
    model = VisualModel(backbone, Heads(backbone.features, (task,)))
    draws = sampler(train.labels, train.rows((task,)), (task,), "batch", batch=batch, steps=None, seed=seed)
    return Supervision(
        model,
        turn_loss(Objectives().losses()),
        turns(train, draws, backbone.front_end, augment, seed=seed, fabric=fabric),
        lambda: affect_scores(model, task, held_out),
    )


def labelled(folder: Path, split: str, task: Task) -> Faces:
    """Stills of a split; the table needs the task's columns only."""
    faces = still_faces(folder, split, COLUMNS[task])
    if not faces.labels.known(task).any():
        raise UserError(f"{folder / 'labels.parquet'}: split {split} has no label of {task}; add some")
    return faces


def affect_scores(model: VisualModel, task: Task, faces: Faces) -> Scores:
    """Area under the ROC curve and F1, means over the AUs; or macro F1 and accuracy of expressions."""
    truth, logits = faces.labels.targets(task, slice(None)), predict_faces(model, faces)[task]
    if task == "AU":
        units = measures.action_units(truth, logits)
        return {"auc": measures.mean(units.unit_auc), "f1": units.f1}
    classes = measures.expressions(truth, logits)
    return {"f1": classes.f1, "accuracy": classes.accuracy}
