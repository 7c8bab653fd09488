from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from stages.networks.common.weights import load_weights
from stages.networks.hrnet import STRIDE, landmark_hrnet
from tests.networks.functional import randomise
from tests.networks.tensors import digest, shapes

WFLW = "3f855be01a6b605c"  # of the names and shapes in HR18-WFLW.pth
State = dict[str, Tensor]


def test_tensors_are_the_published_ones() -> None:
    with torch.device("meta"):
        network = landmark_hrnet(98)
    assert len(shapes(network)) == 1839
    assert sum(name.startswith("head.") for name in shapes(network)) == 9
    assert digest(network) == WFLW


def test_another_number_of_points_changes_only_the_last_layer() -> None:
    with torch.device("meta"):
        wflw, jd = shapes(landmark_hrnet(98)), shapes(landmark_hrnet(106))
    differing = {name for name in wflw if wflw[name] != jd[name]}
    assert differing == {"head.3.weight", "head.3.bias"}


@pytest.mark.parametrize("width", [4, 8])
def test_a_narrow_one_is_the_same_architecture(width: int) -> None:
    with torch.device("meta"):
        assert set(shapes(landmark_hrnet(106, width))) == set(shapes(landmark_hrnet(106)))
        assert shapes(landmark_hrnet(106, width))["head.0.weight"] == f"{15 * width}x{15 * width}x1x1"


def test_fewer_modules_and_blocks_are_some_of_the_published_tensors() -> None:
    with torch.device("meta"):
        small, whole = shapes(landmark_hrnet(98, modules=(1, 1, 1), blocks=2)), shapes(landmark_hrnet(98))
    assert set(small) < set(whole) and len(small) < len(whole) / 2
    assert all(whole[name] == shape for name, shape in small.items())


def conv(state: State, x: Tensor, name: str, norm: str, stride: int = 1, relu: bool = True) -> Tensor:
    """Convolution, batch norm in eval mode and, but where told, ReLU."""
    weight = state[f"{name}.weight"]
    bias = state.get(f"{name}.bias")
    x = F.conv2d(x, weight, bias, stride, padding=weight.shape[-1] // 2)
    mean, var = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
    x = F.batch_norm(x, mean, var, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-5)
    return x.relu() if relu else x


def block(state: State, x: Tensor, name: str, convolutions: int) -> Tensor:
    """A residual block of ResNet: basic (2) or bottleneck (3)."""
    y = x
    for number in range(1, convolutions + 1):
        last = number == convolutions
        y = conv(state, y, f"{name}.conv{number}", f"{name}.bn{number}", relu=not last)
    if f"{name}.downsample.0.weight" in state:
        x = conv(state, x, f"{name}.downsample.0", f"{name}.downsample.1", relu=False)
    return (x + y).relu()


def fused(state: State, name: str, source: int, target: int, x: Tensor) -> Tensor:
    """One branch as another one's resolution sees it."""
    name = f"{name}.fuse_layers.{target}.{source}"
    if source > target:
        x = conv(state, x, f"{name}.0", f"{name}.1", relu=False)
        return F.interpolate(x, scale_factor=2 ** (source - target), mode="bilinear", align_corners=False)
    for step in range(target - source):
        x = conv(state, x, f"{name}.{step}.0", f"{name}.{step}.1", 2, relu=step < target - source - 1)
    return x


def module(state: State, name: str, branches: list[Tensor]) -> list[Tensor]:
    for number in range(len(branches)):
        for unit in range(4):
            branches[number] = block(state, branches[number], f"{name}.branches.{number}.{unit}", 2)
    count = range(len(branches))
    fusions = [[fused(state, name, i, j, branches[i]) for i in count] for j in count]
    return [torch.stack(parts).sum(0).relu() for parts in fusions]


def functional(state: State, x: Tensor) -> Tensor:
    """What HRNet-Facial-Landmark-Detection (lib/models/hrnet.py) computes, from the tensors alone."""
    x = conv(state, conv(state, x, "conv1", "bn1", 2), "conv2", "bn2", 2)
    for unit in range(4):
        x = block(state, x, f"layer1.{unit}", 3)
    first = conv(state, x, "transition1.0.0", "transition1.0.1")
    branches = [first, conv(state, x, "transition1.1.0.0", "transition1.1.0.1", 2)]
    for stage, modules in ((2, 1), (3, 4), (4, 3)):
        if stage > 2:
            new = f"transition{stage - 1}.{stage - 1}.0"
            branches.append(conv(state, branches[-1], f"{new}.0", f"{new}.1", 2))
        for number in range(modules):
            branches = module(state, f"stage{stage}.{number}", branches)
    size = branches[0].shape[-2:]
    x = torch.cat([F.interpolate(each, size, mode="bilinear", align_corners=False) for each in branches], 1)
    x = conv(state, x, "head.0", "head.1")
    return F.conv2d(x, state["head.3.weight"], state["head.3.bias"])


def test_the_forward_pass_is_the_published_one() -> None:
    torch.manual_seed(0)
    network = landmark_hrnet(5, width=4).double().eval()
    state = network.state_dict()
    randomise(state)
    state["head.3.weight"].normal_()  # a fresh head's are so small that the maps before it hardly matter
    images = torch.randn(2, 3, 64, 96, dtype=torch.float64)
    with torch.no_grad():
        heatmaps, expected = network(images), functional(state, images)
    assert heatmaps.shape == (2, 5, 64 // STRIDE, 96 // STRIDE)
    torch.testing.assert_close(heatmaps, expected, rtol=1e-9, atol=1e-9 * float(expected.std()))


def test_published_files_load_whole() -> None:
    """`module.` and `state_dict` are the reader's part; here every name must find its place."""
    source, target = landmark_hrnet(98, width=4), landmark_hrnet(98, width=4)
    report = load_weights(target, source.state_dict())
    assert (len(report.matched), report.missing, report.unexpected) == (1839, (), ())
    torch.testing.assert_close(target.state_dict(), source.state_dict())
