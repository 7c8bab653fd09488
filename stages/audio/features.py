"""The frozen audio stream's features of windows, computed once and memory-mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from stages.core.mapped import new_array
from stages.core.runtime import atomic_path
from stages.networks.audio_visual import AudioVisualModel
from stages.training.samples.faces import open_array
from stages.training.samples.windows import Windows


def cached_features(
    path: Path, windows: Windows, model: AudioVisualModel, batch: int = 256
) -> NDArray[np.float16]:
    """Features [W, length, 512] of all windows, from `path` if it is there, else written to it."""
    if not path.exists():
        with atomic_path(path) as beside:
            _write(beside, windows, model.eval(), batch)
    features: NDArray[np.float16] = open_array(path)
    return features


@torch.no_grad()
def _write(path: Path, windows: Windows, model: AudioVisualModel, batch: int) -> None:
    device = next(model.parameters()).device
    out = None
    for start in range(0, len(windows), batch):
        chosen = np.arange(start, min(start + batch, len(windows)))
        mel = torch.from_numpy(windows.mel(chosen, model.steps)).to(device)
        features = model.embed(mel, windows.length).cpu().numpy()
        if out is None:
            out = new_array(path, np.float16, (len(windows), *features.shape[1:]))
        out[chosen] = features
    if out is not None:
        out.flush()
