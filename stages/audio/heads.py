"""Heads that an audio model takes over from the visual model beside it."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F

from stages.core.errors import UserError
from stages.networks.audio_visual import AudioVisualModel
from stages.networks.common.heads import Heads


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
