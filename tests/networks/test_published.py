"""Files with the names, shapes and containers of the published ones: they load whole and mean the same."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.networks.common.architecture import Architecture
from stages.networks.common.backbones import build_backbone
from stages.networks.common.pretrained import import_backbone, load_backbone
from stages.networks.iresnet import BLOCKS
from tests.cards import backbone_card
from tests.networks import functional

RESNET50 = (3, 4, 6, 3)
CHANNELS = (64, 256, 512, 1024, 2048)
CLASSES = 8631  # people in VGGFace2's training set


def names_and_values(kind: str, depth: int) -> dict[str, Tensor]:
    """A network's tensors, whose names and shapes other tests pin to the published lists."""
    torch.manual_seed(0)
    state = build_backbone(kind, depth).network.state_dict()
    functional.randomise(state)
    for tensor in state.values():
        if tensor.ndim == 4:  # residuals of 49 units would overflow
            tensor.normal_(std=0.5 / (tensor.shape[1] * tensor.shape[2] ** 2) ** 0.5)
    return state


def resnet50(name: functional.Name) -> dict[str, Tensor]:
    """Values under the names of VGGFace2's ResNet50, by rule; batch norms without counters."""
    torch.manual_seed(0)
    state: dict[str, Tensor] = {}

    def add(layer: int, block: int, part: str, shape: tuple[int, ...]) -> None:
        fan = shape[1] * shape[2] * shape[3]
        state[f"{name(layer, block, part)}.weight"] = torch.randn(shape) * (2 / fan) ** 0.5
        for kind in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name(layer, block, f'{part} norm')}.{kind}"] = torch.rand(shape[0]) + 0.5

    add(0, 0, "first", (64, 3, 7, 7))
    for layer, count in enumerate(RESNET50, start=1):
        inputs, outputs, inner = CHANNELS[layer - 1], CHANNELS[layer], CHANNELS[layer] // 4
        for block in range(count):
            add(layer, block, "reduce", (inner, outputs if block else inputs, 1, 1))
            add(layer, block, "middle", (inner, inner, 3, 3))
            add(layer, block, "increase", (outputs, inner, 1, 1))
        add(layer, 0, "shortcut", (outputs, inputs, 1, 1))
    return state


def write_pkl(path: Path, state: dict[str, Tensor]) -> None:
    """A plain pickle of NumPy arrays with the module names of its time."""
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    path.write_bytes(pickle.dumps(arrays, protocol=2).replace(b"numpy._core", b"numpy.core"))


def write_legacy(path: Path, state: dict[str, Tensor]) -> None:
    torch.save(OrderedDict(state), path, _use_new_zipfile_serialization=False)


def faces(backbone: Any) -> Tensor:
    """A random crop, prepared as the network wants it."""
    crop = torch.randint(0, 256, (1, 112, 112, 3), dtype=torch.uint8)
    prepared: Tensor = backbone.front_end.prepare(crop)
    return prepared


@pytest.mark.parametrize(("depth", "count"), [(18, 187), (34, 331), (50, 475), (100, 925)])
def test_insightface_backbones(tmp_path: Path, depth: int, count: int) -> None:
    state = names_and_values("iresnet", depth)
    write_legacy(tmp_path / "backbone.pth", state)
    backbone, network, report = import_backbone("iresnet", tmp_path / "backbone.pth")
    assert network == Architecture("iresnet", depth, 1.0, 112, "insightface")
    assert report.counts() == {"matched": count, "missing": 0, "unexpected": 0}
    x = faces(backbone)
    with torch.no_grad():
        expected = functional.iresnet(state, x, BLOCKS[depth])
        torch.testing.assert_close(backbone.eval()(x), expected, rtol=1e-3, atol=1e-3)


def test_ir_se50(tmp_path: Path) -> None:
    state = names_and_values("ir_se", 50)
    write_legacy(tmp_path / "model_ir_se50.pth", state)
    backbone, network, report = import_backbone("ir_se", tmp_path / "model_ir_se50.pth")
    assert network == Architecture("ir_se", 50, 1.0, 112, "treb1en")
    assert report.counts() == {"matched": 397, "missing": 0, "unexpected": 0}
    x = faces(backbone)
    with torch.no_grad():
        expected = functional.ir_se(state, x, (3, 4, 14, 3))
        torch.testing.assert_close(backbone.eval()(x), expected, rtol=1e-3, atol=1e-3)


def check_resnet50(form: str, path: Path, state: dict[str, Tensor], name: functional.Name) -> None:
    """All 265 tensors of the backbone are used, the 53 counters are absent, the classifier is left over."""
    backbone, network, report = import_backbone("vggface2", path)
    assert network == Architecture("vggface2", 50, 1.0, 224, form)
    assert report.counts() == {"matched": 265, "missing": 53, "unexpected": 2}
    assert not set(report.matched) - set(state)
    x = faces(backbone)
    with torch.no_grad():
        expected = functional.caffe_resnet(state, x, RESNET50, name)
        torch.testing.assert_close(backbone.eval()(x), expected, rtol=1e-3, atol=1e-3)
    save_model(path.parent / "model", backbone.network.state_dict(), backbone_card(network))
    kept = load_backbone(path.parent / "model")
    assert kept.front_end == backbone.front_end
    torch.testing.assert_close(kept.network.state_dict(), backbone.network.state_dict())


def test_vggface2_as_a_pickle_of_arrays(tmp_path: Path) -> None:
    state = resnet50(functional.torchvision_name)
    head = {"fc.weight": torch.ones(CLASSES, 2048), "fc.bias": torch.ones(CLASSES)}
    write_pkl(tmp_path / "resnet50_ft_weight.pkl", state | head)
    check_resnet50("caffe", tmp_path / "resnet50_ft_weight.pkl", state, functional.torchvision_name)


def test_vggface2_as_a_dag(tmp_path: Path) -> None:
    state = resnet50(functional.dag_name)
    head = {"classifier.weight": torch.ones(CLASSES, 2048, 1, 1), "classifier.bias": torch.ones(CLASSES)}
    write_legacy(tmp_path / "resnet50_ft_dag.pth", state | head)
    check_resnet50("dag", tmp_path / "resnet50_ft_dag.pth", state, functional.dag_name)


@pytest.mark.parametrize("name", [functional.torchvision_name, functional.dag_name])
def test_a_file_of_another_network_names_the_right_kind(tmp_path: Path, name: functional.Name) -> None:
    torch.save(resnet50(name), tmp_path / "resnet50.pth")
    with pytest.raises(UserError, match=r"resnet50\.pth: has the tensors of vggface2, not of iresnet; set"):
        import_backbone("iresnet", tmp_path / "resnet50.pth")


def test_a_partial_dag_is_refused_in_its_own_names(tmp_path: Path) -> None:
    state = resnet50(functional.dag_name)
    del state["conv4_3_3x3.weight"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(UserError, match=r"part\.pth: .*264 tensors matched, .*missing \(conv4_3_3x3\.weight"):
        import_backbone("vggface2", tmp_path / "part.pth")


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("container", ["pickle", "array", "zip", "legacy", "state_dict"])
def test_code_among_the_weights_is_refused_and_not_run(tmp_path: Path, container: str) -> None:
    path, trace = tmp_path / "backbone.pth", tmp_path / "ran"
    state: dict[str, Any] = {"conv1.weight": np.ones(1), "more": Runs(trace)}
    if container == "pickle":
        path.write_bytes(pickle.dumps(state, protocol=2))
    elif container == "array":
        path.write_bytes(pickle.dumps({"conv1.weight": np.array([Runs(trace)], dtype=object)}))
    else:
        content = {"state_dict": state} if container == "state_dict" else state
        torch.save(content, path, _use_new_zipfile_serialization=container != "legacy")
    with pytest.raises(UserError, match=r"backbone\.pth: not read, for it holds more than arrays"):
        import_backbone("vggface2", path)
    assert not trace.exists()
