"""Outputs of an aural-visual model for every frame of clips."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.clips.cutting import Clips
from stages.networks.tsav import prepare
from stages.training.samples.ahead import ahead, staged
from stages.training.samples.faces import Rows
from stages.training.samples.passes import in_order

Outputs = dict[str, NDArray[np.float32]]


@torch.no_grad()
def predict_clips(model: nn.Module, clips: Clips, stride: int | None = None, batch: int = 64) -> Outputs:
    """Outputs of all clips in order, task -> [N, outputs]; the model is left in eval mode.

    With a `stride` every n-th clip of a trial and its last are run; those between are linear between them.
    """
    model.eval()
    device = next(model.parameters()).device
    run = strided(clips.of, stride or 1)

    def read(chosen: Rows) -> list[Tensor]:
        return [staged(part, device) for part in (clips.pixels(run[chosen]), clips.mel(run[chosen]))]

    parts = []
    for read_parts in ahead(read, in_order(len(run), batch)):
        pixels, mel = (part.to(device, non_blocking=True) for part in read_parts)
        parts.append(model(prepare(pixels), mel))
    known = {task: torch.cat([part[task] for part in parts]).cpu().numpy() for task in parts[0]}
    return {task: between(clips, run, values) for task, values in known.items()}


def strided(of: Rows, stride: int) -> Rows:
    """Every `stride`-th of the consecutive samples of a trial, and its last one; `of` [N] is sorted."""
    start = np.searchsorted(of, of)
    end = np.searchsorted(of, of, side="right") - 1
    index = np.arange(len(of))
    return np.flatnonzero(((index - start) % stride == 0) | (index == end))


def between(clips: Clips, run: Rows, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values [R, K] of the clips `run` to all, [N, K], linear in the frame's number within each trial."""
    if len(run) == len(clips):
        return values
    filled = np.empty((len(clips), values.shape[1]), np.float32)
    for trial in np.unique(clips.of):
        own, known = clips.of == trial, clips.of[run] == trial
        for column in range(values.shape[1]):
            filled[own, column] = np.interp(clips.place[own], clips.place[run][known], values[known, column])
    return filled
