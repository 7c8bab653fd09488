"""Training and running the models that read windows of frozen visual features and sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.scoring.tables.prediction_table import prediction_table
from stages.training.losses import TaskLoss, joint
from stages.training.samples.ahead import ahead, staged
from stages.training.samples.faces import Rows
from stages.training.samples.passes import in_order, shuffled
from stages.training.samples.sampling import share
from stages.training.samples.windows import Windows

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Sound = Callable[[Rows], NDArray[np.floating]]  # windows -> [B, T, channels]
Outputs = dict[str, Tensor]


class Segments(NamedTuple):
    """B windows: visual [B, F, features], sound [B, T, channels], frames without a face [B, F]."""

    visual: Tensor
    sound: Tensor
    absent: Tensor


class Material(NamedTuple):
    """Windows, and where their sound comes from: mels or audio features, [B, T, channels] for chosen ones.

    A model that does not hear is given no channels.
    """

    windows: Windows
    sound: Sound


class Lesson(NamedTuple):
    """Windows and the labels of their frames, by task."""

    segments: Segments
    targets: dict[str, Tensor]


Forward = Callable[[nn.Module, Segments], Outputs]


def segments(material: Material, chosen: Rows, device: torch.device) -> Segments:
    """The chosen windows, read for a device."""
    windows, sound = material
    parts = windows.visual(chosen), sound(chosen).astype(np.float32), windows.absent(chosen)
    return Segments(*(staged(part, device) for part in parts))


def sent(read: Segments, device: torch.device) -> Segments:
    """The windows on the device."""
    return Segments(*(part.to(device, non_blocking=True) for part in read))


def lessons(
    material: Material, tasks: Sequence[str], *, batch: int, seed: int, fabric: Fabric
) -> Callable[[int], Iterator[Lesson]]:
    """Batches of an epoch, as `fit` asks for them: every window with a label once, shuffled by (seed, epoch)."""
    rows, device = material.windows.taught(tasks), fabric.device

    def epoch_lessons(epoch: int) -> Iterator[Lesson]:
        order = shuffled(rows, [seed, epoch])
        # Windows left over join the last batch: batch norm cannot train on one.
        chosen = np.array_split(order, max(1, len(order) // batch))
        for lesson in ahead(read, enumerate(chosen)):
            targets = {task: label.to(device, non_blocking=True) for task, label in lesson.targets.items()}
            yield Lesson(sent(lesson.segments, device), targets)

    def read(drawn: tuple[int, Rows]) -> Lesson:
        turn, chosen = drawn
        own = share(chosen, fabric.global_rank, fabric.world_size, turn)
        labels = {task: staged(material.windows.targets(task, own), device) for task in tasks}
        return Lesson(segments(material, own, device), labels)

    return epoch_lessons


def joint_loss(
    forward: Forward, losses: Mapping[str, TaskLoss]
) -> Callable[[nn.Module, Lesson], dict[str, Tensor]]:
    """Sum of the tasks' losses, each over its labelled frames."""

    def loss(model: nn.Module, lesson: Lesson) -> dict[str, Tensor]:
        outputs = forward(model, lesson.segments)
        return joint(outputs, lesson.targets, losses)

    return loss


@torch.no_grad()
def predict_windows(model: nn.Module, forward: Forward, material: Material, batch: int = 256) -> pd.DataFrame:
    """Prediction table of all labelled frames with a face; the model is left in eval mode."""
    model.eval()
    device = next(model.parameters()).device
    parts: dict[str, list[NDArray[np.float32]]] = {}
    chosen = in_order(len(material.windows), batch)
    for read in ahead(lambda rows: segments(material, rows, device), chosen):
        for task, output in forward(model, sent(read, device)).items():
            parts.setdefault(task, []).append(output.cpu().numpy())
    frames = {task: material.windows.per_frame(np.concatenate(arrays)) for task, arrays in parts.items()}
    keys = next(iter(frames.values()))[0]
    return prediction_table(keys, {task: values for task, (_, values) in frames.items()})
