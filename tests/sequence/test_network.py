from __future__ import annotations

import pytest
import torch
from torch import nn

from stages.networks.common.heads import Heads
from stages.networks.gru import GRU
from stages.networks.transformer import Transformer
from stages.sequence.network import SequenceModel, dense


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


def test_relus_stand_behind_the_projection_and_the_encoder() -> None:
    """Fan et al. 2021, released CNN-RNN: linear, ReLU, GRU, ReLU, linear."""
    torch.manual_seed(0)
    project, encoder, heads = nn.Linear(12, 8), GRU(8, 1, 4, 0.0, True), Heads(8, ("EXPR",))
    visual = torch.randn(2, 9, 12)
    found = SequenceModel(heads, encoder, None, project, relu=True).eval()(visual, torch.zeros(2, 9, 0))
    states = encoder.layers(project(visual).clamp(min=0))[0].clamp(min=0)
    weights = heads.state_dict()
    expected = states @ weights["tasks.EXPR.weight"].T + weights["tasks.EXPR.bias"]
    torch.testing.assert_close(found["EXPR"], expected)
    assert not torch.allclose(
        SequenceModel(heads, encoder, None, project)(visual, torch.zeros(2, 9, 0))["EXPR"], expected
    )


def test_the_layer_behind_the_encoder_is_normalised_over_all_frames() -> None:
    """Jin et al. 2021, released sequence model: linear, batch norm of each channel, ReLU."""
    torch.manual_seed(0)
    layer, x = dense(6, 4, norm=True).train(), torch.randn(3, 5, 6)
    weight, bias = (layer.state_dict()[f"0.{name}"] for name in ("weight", "bias"))
    made = (x @ weight.T + bias).double()
    mean, var = made.mean((0, 1)), made.var((0, 1), correction=0)
    expected = ((made - mean) / (var + 1e-5).sqrt()).clamp(min=0).float()
    torch.testing.assert_close(layer(x), expected)
    assert isinstance(dense(6, 4, norm=False), nn.Linear)


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
