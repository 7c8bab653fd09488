from __future__ import annotations

from itertools import product
from typing import cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from stages.core.errors import UserError
from stages.networks.common.backbones import Backbone, build_backbone
from stages.networks.iresnet import IResNet
from stages.networks.pyramid import FeaturePyramid, Pyramid, neck
from tests.networks.tensors import shapes

SWITCHES = list(product([False, True], repeat=3))


def narrow_backbone(size: int = 64, depth: int = 18) -> Backbone:
    torch.manual_seed(0)
    return build_backbone("iresnet", depth, 0.25, size)


def trained(backbone: Backbone, attention: bool, fpn: bool, ssh: bool, keep_start: bool) -> Pyramid:
    """A network whose every tensor has left its start, in eval mode."""
    network = neck(backbone, attention, fpn, ssh, keep_start).eval()
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith(("bias", "running_mean")):
            tensor.normal_(std=0.1)
        elif not name.startswith("network.") and tensor.is_floating_point():
            tensor.normal_(std=max(tensor.shape[-1], 10) ** -0.5)
    return network


@pytest.mark.parametrize(("attention", "fpn", "ssh"), SWITCHES)
def test_training_starts_from_the_pretrained_function(attention: bool, fpn: bool, ssh: bool) -> None:
    backbone = narrow_backbone()
    network = neck(backbone, attention, fpn, ssh)
    x = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        # In training the batch norm behind the gates takes their common factor out again.
        torch.testing.assert_close(network(x), backbone(x), atol=1e-2, rtol=1e-2)
    names = {name for name in network.state_dict() if name.startswith("network.")}
    assert names == {name for name in backbone.state_dict() if name.startswith("network.")}
    assert network.features == 512 and network.front_end == backbone.front_end


@pytest.mark.parametrize(("attention", "fpn", "ssh"), SWITCHES[1:])
def test_every_part_that_is_switched_on_learns(attention: bool, fpn: bool, ssh: bool) -> None:
    network = neck(narrow_backbone(48), attention, fpn, ssh)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(2):  # what lies before a layer that starts at zero learns from the second step on
        optimizer.zero_grad()
        network(torch.randn(4, 3, 48, 48)).square().mean().backward()
        optimizer.step()
    new = {name: p.grad for name, p in network.named_parameters() if not name.startswith("network.")}
    assert {name.split(".")[0] for name in new} == (
        ({"shallow", "deep"} if attention else set())
        | ({"fpn"} if fpn else set())
        | ({"scales", "fuse"} if fpn or ssh else set())
    )
    assert all(grad is not None and grad.isfinite().all() for grad in new.values())
    flat = {name: float(grad.abs().max()) for name, grad in new.items() if grad is not None}
    assert all(flat[name] > 0 for name in flat if name.endswith(("fc.weight", "up.0.weight", "fuse.weight")))


@pytest.mark.parametrize("size", [48, 50, 64, 80])
def test_other_sizes_than_112(size: int) -> None:
    network = neck(narrow_backbone(size), True, True, True).eval()
    with torch.no_grad():
        assert network(torch.randn(2, 3, size, size)).shape == (2, 512)


def test_published_sizes() -> None:
    with torch.device("meta"):
        found = shapes(neck(build_backbone("iresnet", 100), True, True, True))
    assert found["shallow.conv1.weight"] == "8x64x1" and found["deep.conv1.weight"] == "16x512x1"
    ups = [found[f"fpn.up.{place}.weight"] for place in (2, 1, 0)]
    assert ups == ["512x256x3x3", "256x128x3x3", "128x64x3x3"]
    flat = [64 * side**2 for side in (56, 28, 14, 7)]
    assert [found[f"scales.{place}.fc.weight"] for place in range(4)] == [f"512x{length}" for length in flat]
    assert found["scales.3.reduce.context3.0.weight"] == "32x512x3x3"
    assert (
        found["scales.0.reduce.context5.0.weight"]
        == found["scales.0.reduce.context7.0.weight"]
        == "16x16x3x3"
    )
    assert found["fuse.weight"] == "512x2048"


def test_maps_join_from_coarse_to_fine() -> None:
    """Transposed convolution by hand: every pixel spreads its 3×3 kernel, two pixels apart, one cut off."""
    torch.manual_seed(0)
    module = FeaturePyramid([2, 3]).double()
    fine, coarse = torch.randn(1, 2, 5, 6).double(), torch.randn(1, 3, 3, 3).double()
    kernel, bias = (module.state_dict()[f"up.0.{name}"] for name in ("weight", "bias"))
    spread = torch.zeros(2, 9, 9).double()
    for i, j in product(range(3), repeat=2):
        spread[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += torch.einsum(
            "c,cohw->ohw", coarse[0, :, i, j], kernel
        )
    expected = fine + (spread[:, 1:6, 1:7] + bias[:, None, None])[None]
    with torch.no_grad():
        merged, untouched = module([fine, coarse])
    torch.testing.assert_close(merged, expected)
    assert torch.equal(untouched, coarse)


def functional(network: Pyramid, x: Tensor, attention: bool, fpn: bool, ssh: bool, published: bool) -> Tensor:
    """The whole forward pass behind the backbone's layers, from the tensors alone; as in the authors' release:
    the last map normalised first, a convolution behind each up-convolution, the scales alone, normalised."""
    state, own = network.state_dict(), cast(IResNet, network.network)

    def norm(x: Tensor, name: str) -> Tensor:
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"])

    def conv(x: Tensor, name: str) -> Tensor:
        weight = state[f"{name}.0.weight"]
        return norm(F.conv2d(x, weight, padding=weight.shape[-1] // 2), f"{name}.1")

    def attend(x: Tensor, name: str) -> Tensor:
        pools = torch.cat([F.adaptive_avg_pool2d(x, (x.shape[2], 1)), x.mean(2, keepdim=True).mT], dim=2)
        weight = state[f"{name}.conv1.weight"][..., None]
        squeezed = F.hardswish(norm(F.conv2d(pools, weight, state[f"{name}.conv1.bias"]), f"{name}.bn1"))
        rows, columns = squeezed[:, :, : x.shape[2]], squeezed[:, :, x.shape[2] :].mT
        for axis, pooled in (("h", rows), ("w", columns)):
            weight, bias = state[f"{name}.conv_{axis}.weight"][..., None], state[f"{name}.conv_{axis}.bias"]
            x = x * F.conv2d(pooled, weight, bias).sigmoid()
        return x

    def context(x: Tensor, name: str) -> Tensor:
        if not ssh:
            return conv(x, f"{name}.0").relu()
        five = conv(x, f"{name}.reduce5.0").relu()
        seven = conv(conv(five, f"{name}.reduce7.0").relu(), f"{name}.context7")
        return torch.cat([conv(x, f"{name}.context3"), conv(five, f"{name}.context5"), seven], 1).relu()

    x = own.stem(x)
    maps = own.layers(attend(x, "shallow") if attention else x)
    maps[3] = attend(maps[3], "deep") if attention else maps[3]
    features = own.tail(maps[3])
    if not (fpn or ssh):
        return features
    if published:
        maps[3] = norm(maps[3], "network.bn2")
    for k in (2, 1, 0) if fpn else ():
        odd = [side % 2 == 0 for side in maps[k].shape[2:]]
        weight, bias = state[f"fpn.up.{k}.weight"], state[f"fpn.up.{k}.bias"]
        finer = F.conv_transpose2d(maps[k + 1], weight, bias, 2, 1, [int(o) for o in odd])
        if published:
            weight, bias = state[f"fpn.refine.{k}.weight"], state[f"fpn.refine.{k}.bias"]
            finer = F.conv2d(finer, weight, bias, padding=1)
        maps[k] = maps[k] + finer
    scales = [
        F.linear(
            context(x, f"scales.{k}.reduce").flatten(1),
            state[f"scales.{k}.fc.weight"],
            state[f"scales.{k}.fc.bias"],
        )
        for k, x in enumerate(maps)
    ]
    fused = F.linear(torch.cat(scales, 1), state["fuse.weight"], state["fuse.bias"])
    return norm(fused, "network.features") if published else features + fused


@pytest.mark.parametrize(("attention", "fpn", "ssh"), SWITCHES)
@pytest.mark.parametrize(("size", "published"), [(50, False), (64, False), (50, True)])
def test_forward_is_that_of_the_parts(
    size: int, published: bool, attention: bool, fpn: bool, ssh: bool
) -> None:
    network = trained(narrow_backbone(size), attention, fpn, ssh, not published).double()
    x = torch.randn(2, 3, size, size).double()
    with torch.no_grad():
        expected = functional(network, x, attention, fpn, ssh, published)
        torch.testing.assert_close(network(x), expected)
        plain = network.network(x)
    assert torch.allclose(plain, expected) == (not (attention or fpn or ssh))


def test_as_published_gates_start_at_random_and_the_backbones_last_layer_rests() -> None:
    backbone = narrow_backbone(48)
    backbone.network.get_submodule("dropout").p = 0.6  # type: ignore[assignment]
    network = neck(backbone, True, True, True, keep_start=False)
    assert isinstance(network, Pyramid)
    assert float(network.shallow.get_parameter("conv_h.weight").std()) > 0.01
    assert {scale.get_submodule("dropout").extra_repr() for scale in network.scales} == {
        "p=0.6, inplace=False"
    }
    network(torch.randn(4, 3, 48, 48)).square().mean().backward()
    resting = {name for name, p in network.named_parameters() if p.grad is None}
    assert resting == {"network.fc.weight", "network.fc.bias", "network.features.weight"}
    assert not any(network.get_parameter(name).requires_grad for name in resting)


def test_dropout_falls_on_the_flattened_maps_of_each_scale() -> None:
    backbone = narrow_backbone(48)
    backbone.network.get_submodule("dropout").p = 0.6  # type: ignore[assignment]
    scale = neck(backbone, False, True, True).get_submodule("scales.3").train()
    seen: list[Tensor] = []
    scale.get_submodule("fc").register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    scale(torch.randn(64, 128, 3, 3).abs() + 1)
    before = scale.get_submodule("reduce")(torch.randn(64, 128, 3, 3).abs() + 1).flatten(1)
    assert seen[0].shape == before.shape
    alive = float((before > 0).float().mean())
    assert float((seen[0] > 0).float().mean()) == pytest.approx(0.4 * alive, abs=0.03)


def test_other_backbones_are_refused() -> None:
    with torch.device("meta"):
        backbone = build_backbone("ir_se", 50)
    with pytest.raises(UserError, match="keys attention, fpn and ssh: they need a backbone of kind iresnet"):
        neck(backbone, True, False, False)
