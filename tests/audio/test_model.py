from __future__ import annotations

import pytest
import torch

from stages.audio.heads import inherit_heads
from stages.audio.model import build
from stages.core.errors import UserError
from stages.networks.common.heads import Heads
from tests.cards import card


def test_inherited_heads_say_what_the_visual_model_says_whatever_the_sound() -> None:
    torch.manual_seed(0)
    visual = Heads(16, ("AU", "EXPR"))
    model = build(card("audio", tasks=("AU", "VA"))).eval()
    inherit_heads(model, visual)
    faces = torch.randn(2, 10, 16)
    for loudness in (0.0, 5.0):
        heard = model(faces, loudness * torch.randn(2, 40, 64))
        torch.testing.assert_close(heard["AU"], visual(faces)["AU"])
    assert heard["VA"].abs().sum() > 0  # a head that the visual model lacks stays as it was made


def test_heads_behind_a_hidden_layer_are_not_inherited() -> None:
    model = build(card("audio"))
    with pytest.raises(UserError, match="inherit_heads: visual heads have a hidden layer"):
        inherit_heads(model, Heads(16, ("AU",), hidden=12))
