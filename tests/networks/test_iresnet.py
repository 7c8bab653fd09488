from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from stages.networks.iresnet import iresnet
from tests.networks import functional
from tests.networks.tensors import digest, shapes

# Of the lists of insightface's published files: number of tensors, digest of "name shape" lines.
PUBLISHED = {18: (187, "186f8718f47124c9"), 50: (475, "68db6bf4e3c7fb42"), 100: (925, "ccee0674135a88e2")}


@pytest.mark.parametrize("depth", PUBLISHED)
def test_tensors_are_the_published_ones(depth: int) -> None:
    with torch.device("meta"):
        network = iresnet(depth)
    assert (len(network.state_dict()), digest(network)) == PUBLISHED[depth]


def test_hand_listed_tensors_of_iresnet100() -> None:
    with torch.device("meta"):
        found = shapes(iresnet(100))
    assert found["conv1.weight"] == "64x3x3x3"
    assert found["prelu.weight"] == "64"
    assert found["layer1.0.downsample.0.weight"] == "64x64x1x1"
    assert found["layer2.12.conv2.weight"] == "128x128x3x3"
    assert found["layer3.29.bn3.running_var"] == "256"
    assert found["layer4.0.conv1.weight"] == "512x256x3x3"
    assert found["fc.weight"] == "512x25088"
    assert found["features.num_batches_tracked"] == "scalar"
    assert "layer3.30.bn1.weight" not in found and "layer1.1.downsample.0.weight" not in found


@pytest.mark.parametrize(("depth", "blocks"), [(18, (2, 2, 2, 2)), (34, (3, 4, 6, 3))])
@pytest.mark.parametrize(("width", "size"), [(1.0, 112), (0.25, 80)])
def test_forward_is_the_published_one(depth: int, blocks: tuple[int, ...], width: float, size: int) -> None:
    torch.manual_seed(0)
    network = iresnet(depth, width, size, dropout=0.6).eval()
    state = network.state_dict()
    functional.randomise(state)
    x = torch.randn(2, 3, size, size)
    with torch.no_grad():
        expected = functional.iresnet(state, x, blocks)
        torch.testing.assert_close(network(x), expected, rtol=1e-3, atol=1e-3)


def test_training_form_of_prelu_is_prelu() -> None:
    """Outputs and gradients of a training step match torch's own layer."""
    torch.manual_seed(0)
    network = iresnet(18, 0.25, 32).train()
    x = torch.randn(2, 16, 5, 5, requires_grad=True)
    slope = torch.randn(16, requires_grad=True)
    network.prelu.weight.data = slope.detach().clone()
    ours, theirs = network.prelu(x), F.prelu(x, slope)
    torch.testing.assert_close(ours, theirs)
    upstream = torch.randn_like(ours)
    ours_x, ours_w = torch.autograd.grad(ours, [x, network.prelu.weight], upstream)
    theirs_x, theirs_w = torch.autograd.grad(theirs, [x, slope], upstream)
    torch.testing.assert_close(ours_x, theirs_x)
    torch.testing.assert_close(ours_w, theirs_w)


def test_scale_of_features_is_not_trained() -> None:
    network = iresnet(18, 0.25, 32)
    network(torch.randn(4, 3, 32, 32)).square().sum().backward()
    assert network.features.weight.grad is None and network.features.bias.grad is not None
    assert torch.equal(network.features.weight, torch.ones(512))


def test_maps_halve_four_times() -> None:
    network = iresnet(18, 0.25, 80)
    sizes = [tuple(x.shape[1:]) for x in network.layers(network.stem(torch.randn(1, 3, 80, 80)))]
    assert sizes == [(16, 40, 40), (32, 20, 20), (64, 10, 10), (128, 5, 5)]
