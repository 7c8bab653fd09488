from __future__ import annotations

import pytest
import torch
from torch import nn

from stages.networks.common.heads import Heads
from stages.networks.gru import GRU
from stages.networks.transformer import Transformer
from stages.sequence.network import SequenceModel


def test_both_streams_in_order_through_each_part_in_order() -> None:
    torch.manual_seed(0)
    model = SequenceModel(
        Heads(6, ("AU", "EXPR")), Transformer(8, 1, 2, 16, 0.1), nn.Linear(8, 6), nn.Linear(16, 8)
    ).eval()
    visual, audio = torch.randn(2, 30, 12), torch.randn(2, 30, 4)
    fused = torch.cat([visual, audio], dim=-1)
    expected = model.heads(model.linear(model.encoder(model.project(fused))))
    outputs = model(visual, audio)
    assert outputs["AU"].shape == (2, 30, 12) and outputs["EXPR"].shape == (2, 30, 7)
    torch.testing.assert_close(outputs["EXPR"], expected["EXPR"])


@pytest.mark.parametrize("encoder", [Transformer(16, 1, 4, 32, 0.1), GRU(16, 2, 8, 0.1, True)])
def test_visual_features_alone_go_without_audio_channels(encoder: Transformer | GRU) -> None:
    model = SequenceModel(Heads(encoder.features, ("EXPR",)), encoder).eval()
    visual = torch.randn(2, 9, 16)
    outputs = model(visual, torch.zeros(2, 9, 0))
    torch.testing.assert_close(outputs["EXPR"], model.heads(encoder(visual))["EXPR"])


def test_absent_frames_are_hidden_from_the_encoder() -> None:
    torch.manual_seed(0)
    model = SequenceModel(Heads(16, ("AU",)), Transformer(32, 1, 8, 64, 0.1), nn.Linear(32, 16)).eval()
    visual, audio = torch.randn(1, 30, 16), torch.randn(1, 30, 16)
    absent = torch.zeros(1, 30, dtype=torch.bool)
    absent[:, 20:] = True
    short = model(visual[:, :20], audio[:, :20])["AU"]
    torch.testing.assert_close(model(visual, audio, absent)["AU"][:, :20], short, rtol=1e-4, atol=1e-5)
