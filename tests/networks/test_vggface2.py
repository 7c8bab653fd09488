from __future__ import annotations

from hashlib import sha256

import pytest
import torch
import torchvision

from stages.networks.vggface2 import BLOCKS, dag_name, features_of, resnet
from tests.networks import functional
from tests.networks.tensors import shapes

PUBLISHED = "baaceee71ec07f46"  # of the names and shapes in resnet50_ft_weight.pkl


def test_tensors_are_the_published_ones() -> None:
    """Of its 267 tensors, two are the classifier's; the file has no counters of batch norms."""
    with torch.device("meta"):
        found = {name: shape for name, shape in shapes(resnet(50)).items() if not name.endswith("tracked")}
    found |= {"fc.weight": "8631x2048", "fc.bias": "8631"}
    lines = sorted(f"{name} {shape}" for name, shape in found.items())
    assert len(found) == 267
    assert sha256("\n".join(lines).encode()).hexdigest()[:16] == PUBLISHED


@pytest.mark.parametrize(("width", "size"), [(1.0, 224), (0.5, 112), (0.25, 56)])
def test_forward_is_that_of_the_caffe_network(width: float, size: int) -> None:
    torch.manual_seed(0)
    network = resnet(50, width, size).eval()
    state = network.state_dict()
    functional.randomise(state)
    x = torch.randn(2, 3, size, size)
    with torch.no_grad():
        expected = functional.caffe_resnet(state, x, BLOCKS[50], functional.torchvision_name)
        assert expected.shape == (2, features_of(width))
        torch.testing.assert_close(network(x), expected, rtol=1e-3, atol=1e-3)


def test_torchvision_makes_other_features_of_the_same_tensors() -> None:
    torch.manual_seed(0)
    ours, theirs = resnet(50).eval(), torchvision.models.resnet50(weights=None).eval()
    theirs.fc = torch.nn.Identity()
    assert theirs.load_state_dict(ours.state_dict()).missing_keys == []
    x = torch.randn(1, 3, 112, 112)
    with torch.no_grad():
        expected, found = ours(x), theirs(x)
    assert float((found - expected).norm() / expected.norm()) > 0.02  # rounding: 1e-6


def test_every_name_of_the_dag_file() -> None:
    places = [(0, 0, "first")]
    for layer, count in enumerate(BLOCKS[50], start=1):
        parts = ["reduce", "middle", "increase"]
        places += [(layer, block, part) for block in range(count) for part in parts]
        places.append((layer, 0, "shortcut"))
    for layer, block, part in places:
        for each in (part, f"{part} norm"):
            name = f"{functional.torchvision_name(layer, block, each)}.weight"
            assert dag_name(name) == f"{functional.dag_name(layer, block, each)}.weight"


@pytest.mark.parametrize(("width", "features"), [(1.0, 2048), (0.25, 512), (0.03, 64)])
def test_a_narrow_one_never_has_less_than_16_channels(width: float, features: int) -> None:
    network = resnet(50, width)
    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    assert min(module.out_channels for module in convolutions) >= 16
    assert network(torch.randn(2, 3, 48, 48)).shape == (2, features_of(width)) == (2, features)
