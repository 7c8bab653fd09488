"""The audio model, and its frozen stream's features of windows, computed once and memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from stages.core.errors import UserError
from stages.core.runtime import atomic_path
from stages.networks.audio_visual import AudioVisualModel
from stages.networks.common.heads import Heads
from stages.networks.tdnn import TDNN
from stages.training.samples.faces import open_array
from stages.training.samples.windows import Windows


def audio_model(card: dict[str, Any], dropout: float = 0.0) -> AudioVisualModel:
    """An untrained audio model as its card says: lengths `visual` and `features`, `steps`, `tasks`."""
    heads = Heads(card["visual"] + card["features"], card["tasks"], dropout)
    return AudioVisualModel(TDNN(features=card["features"]), heads, card["steps"])


def inherit_heads(model: AudioVisualModel, visual: Heads) -> None:
    """Start each head from the visual model's, deaf at first: training adds what the sound tells.

    Errors: UserError where the visual model's heads do not read its features themselves.
    """
    if not isinstance(visual.hidden, nn.Identity):
        raise UserError("params.yaml, key inherit_heads: visual heads have a hidden layer; set it to false")
    own = model.heads.state_dict()
    for name, seen in visual.state_dict().items():
        if name in own:  # weights [outputs, visual] go in front of zeros for the sound, biases as they are
            own[name] = F.pad(seen, (0, own[name].shape[-1] - seen.shape[-1]))
    model.heads.load_state_dict(own)


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
            out = open_memmap(path, "w+", np.float16, (len(windows), *features.shape[1:]))
        out[chosen] = features
    if out is not None:
        out.flush()
