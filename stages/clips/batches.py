"""Batches of clips for training, and the losses of a student alone and of one with a teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.clips.augment import Changes, ClipAugment, brighten, change
from stages.clips.cutting import Clips
from stages.clips.mean_teacher import consistency
from stages.core.labels import MISSING, TASKS
from stages.networks.tsav import prepare
from stages.training.losses import TaskLoss, Terms, joint
from stages.training.samples.ahead import ahead, staged
from stages.training.samples.faces import Labels, Rows
from stages.training.samples.passes import endless_batches
from stages.training.samples.sampling import share

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class ClipBatch(NamedTuple):
    """Clips uint8 [B, T, S, S, 4], the `light` [B] in which a teacher sees them, mel [B, 1, 64, R].

    `targets` by task; `weight` of consistency in this epoch.
    """

    clips: Tensor
    light: Tensor
    mel: Tensor
    targets: dict[str, Tensor]
    weight: float


def clip_batches(
    clips: Clips,
    augment: ClipAugment,
    weight: Callable[[int], float],
    *,
    tasks: Sequence[str],
    batch: int,
    steps: int,
    seed: int,
    fabric: Fabric,
) -> Callable[[int], Iterator[ClipBatch]]:
    """Batches of an epoch, as `fit` asks for them; each process takes its share of the global `batch`.

    `weight(epoch)` is that of consistency. Neighbouring frames are nearly equal: an epoch is `steps` batches
    of frames, drawn without replacement, from the start again once all have been seen.
    """

    def epoch_batches(epoch: int) -> Iterator[ClipBatch]:
        for parts in ahead(read, plans(epoch)):
            seen, light, mel, *targets = (part.to(fabric.device, non_blocking=True) for part in parts)
            yield ClipBatch(seen, light, mel, dict(zip(tasks, targets, strict=True)), weight(epoch))

    def plans(epoch: int) -> Iterator[tuple[Rows, Changes]]:
        random = np.random.default_rng([seed, epoch, fabric.global_rank])
        drawn = endless_batches(np.arange(len(clips)), batch, [seed, epoch])
        for turn, chosen in enumerate(islice(drawn, steps)):
            own = share(chosen, fabric.global_rank, fabric.world_size, turn)
            yield own, augment.draw(len(own), random)

    def read(plan: tuple[Rows, Changes]) -> list[Tensor]:
        own, changes = plan
        seen = clips.pixels(own)
        change(seen, changes)
        parts: tuple[NDArray[Any], ...] = (
            seen,
            changes.light,
            clips.mel(own),
            *(clips.targets(task, own) for task in tasks),
        )
        return [staged(part, fabric.device) for part in parts]

    return epoch_batches


def student_loss(losses: Mapping[str, TaskLoss]) -> Callable[[nn.Module, ClipBatch], Terms]:
    """Sum of the tasks' losses, each over its labelled samples (Wang & Wang 2021, section C)."""

    def loss(model: nn.Module, batch: ClipBatch) -> Terms:
        return joint(model(prepare(batch.clips), batch.mel), batch.targets, losses)

    return loss


def taught_loss(losses: Mapping[str, TaskLoss]) -> Callable[[nn.Module, ClipBatch], Terms]:
    """The same for a `MeanTeacher`, plus consistency with the teacher where labels are missing."""

    def loss(model: nn.Module, batch: ClipBatch) -> Terms:
        noisy = prepare(brighten(batch.clips, batch.light))
        outputs, taught = model(prepare(batch.clips), noisy, batch.mel)
        terms = joint(outputs, batch.targets, losses)
        agreement = consistency(outputs, taught, batch.targets, losses)
        return {**terms, "loss": terms["loss"] + batch.weight * agreement, "consistency": agreement}

    return loss


def hide_labels(clips: Clips, share: float, seed: int) -> Clips:
    """The clips with the labels of a share of the trials missing, drawn for each task anew.

    Whole trials: frames of a trial are alike, and hiding single ones would hide next to nothing.
    """
    hidden = {task: _hidden(clips, task, share, [seed, place]) for place, task in enumerate(TASKS)}
    au, expression, va = clips.labels.au.copy(), clips.labels.expression.copy(), clips.labels.va.copy()
    au[hidden["AU"]] = MISSING
    expression[hidden["EXPR"]] = MISSING
    va[hidden["VA"]] = np.nan
    return replace(clips, labels=Labels(au, expression, va))


def _hidden(clips: Clips, task: str, share: float, seed: Sequence[int]) -> Rows:
    """Clips of the trials that lose their labels of `task`."""
    trials = np.unique(clips.of[clips.labels.known(task)])
    lost = np.random.default_rng(seed).permutation(trials)[: int(share * len(trials))]
    return np.flatnonzero(np.isin(clips.of, lost))
