from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.networks.tsav import MEAN, STD, TSAV, TSAV_UNITS, UNITS, PublishedTSAV, prepare
from tests.networks.tensors import shapes

State = dict[str, Tensor]
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
CHANNELS = (64, 64, 128, 256, 512)


def published() -> dict[str, str]:
    """Names and shapes of TSAV_Sub4_544k.pth.tar, by rule: 120 of sound, 222 of video, 2 of the head."""
    names: dict[str, str] = {}

    def norm(name: str, channels: int) -> None:
        names.update({f"{name}.{part}": "scalar" if part == NORM[-1] else str(channels) for part in NORM})

    def split(name: str, inputs: int, middle: int, outputs: int) -> None:
        names[f"{name}.0.weight"] = f"{middle}x{inputs}x1x3x3"
        norm(f"{name}.1", middle)
        names[f"{name}.3.weight"] = f"{outputs}x{middle}x3x1x1"

    sound, video = "audio_model.resnet", "video_model.r2plus1d"
    names[f"{sound}.conv1.weight"] = "64x1x7x7"
    norm(f"{sound}.bn1", 64)
    names[f"{video}.stem.0.weight"], names[f"{video}.stem.3.weight"] = "45x4x1x7x7", "64x45x3x1x1"
    norm(f"{video}.stem.1", 45)
    norm(f"{video}.stem.4", 64)
    for layer in range(1, 5):
        outputs = CHANNELS[layer]
        for block in range(2):
            inputs = outputs if block else CHANNELS[layer - 1]
            heard, seen = f"{sound}.layer{layer}.{block}", f"{video}.layer{layer}.{block}"
            # As many parameters as a 3×3×3 convolution has (Tran et al. 2018, 3.5).
            middle = 27 * inputs * outputs // (9 * inputs + 3 * outputs)
            for conv, width in ((1, inputs), (2, outputs)):
                names[f"{heard}.conv{conv}.weight"] = f"{outputs}x{width}x3x3"
                norm(f"{heard}.bn{conv}", outputs)
                split(f"{seen}.conv{conv}.0", width, middle, outputs)
                norm(f"{seen}.conv{conv}.1", outputs)
            if inputs != outputs:
                names[f"{heard}.downsample.0.weight"] = f"{outputs}x{inputs}x1x1"
                names[f"{seen}.downsample.0.weight"] = f"{outputs}x{inputs}x1x1x1"
                norm(f"{heard}.downsample.1", outputs)
                norm(f"{seen}.downsample.1", outputs)
    return names | {"fc.1.weight": "17x1024", "fc.1.bias": "17"}


def test_tensors_are_the_published_ones() -> None:
    with torch.device("meta"):
        found = shapes(TSAV(TSAV_UNITS))
    assert len(found) == 344
    assert found == published()


def test_a_narrow_one_is_the_same_architecture() -> None:
    with torch.device("meta"):
        narrow = TSAV(width=0.25)
        assert set(shapes(narrow)) == set(published())
    assert min(p.shape[0] for name, p in narrow.named_parameters() if not name.startswith("fc.")) >= 16


def norm(state: State, x: Tensor, name: str) -> Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    shape = (1, -1) + (1,) * (x.dim() - 2)
    scale = state[f"{name}.weight"] / (var + 1e-5).sqrt()
    return (x - mean.view(shape)) * scale.view(shape) + state[f"{name}.bias"].view(shape)


def in_space(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    """A 1×k×k convolution as one over images: every frame by itself."""
    frames = [
        F.conv2d(frame, weight[:, :, 0], stride=stride, padding=weight.shape[-1] // 2)
        for frame in x.unbind(2)
    ]
    return torch.stack(frames, 2)


def in_time(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    """A 3×1×1 convolution as a sum of three matrix products a frame."""
    padded = F.pad(x, (0, 0, 0, 0, 1, 1))
    taps = [torch.einsum("oc,ncthw->nothw", weight[:, :, k, 0, 0], padded[:, :, k:]) for k in range(3)]
    length = x.shape[2]
    return sum(tap[:, :, :length:stride] for tap in taps)  # type: ignore[return-value]


def video(state: State, x: Tensor) -> Tensor:
    root = "video_model.r2plus1d"
    x = in_space(x, state[f"{root}.stem.0.weight"], 2)
    x = in_time(norm(state, x, f"{root}.stem.1").relu(), state[f"{root}.stem.3.weight"])
    x = norm(state, x, f"{root}.stem.4").relu()
    for layer in range(1, 5):
        for block in range(2):
            name, stride = f"{root}.layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            y = x
            for conv, step in ((1, stride), (2, 1)):
                y = in_space(y, state[f"{name}.conv{conv}.0.0.weight"], step)
                y = norm(state, y, f"{name}.conv{conv}.0.1").relu()
                y = norm(
                    state, in_time(y, state[f"{name}.conv{conv}.0.3.weight"], step), f"{name}.conv{conv}.1"
                )
                y = y.relu() if conv == 1 else y
            if f"{name}.downsample.0.weight" in state:
                weight = state[f"{name}.downsample.0.weight"][:, :, 0, 0, 0]
                x = torch.einsum("oc,ncthw->nothw", weight, x[:, :, ::2, ::2, ::2])
                x = norm(state, x, f"{name}.downsample.1")
            x = (x + y).relu()
    return x.flatten(2).mean(-1)


def sound(state: State, x: Tensor) -> Tensor:
    root = "audio_model.resnet"
    x = norm(state, F.conv2d(x, state[f"{root}.conv1.weight"], stride=2, padding=3), f"{root}.bn1").relu()
    x = F.max_pool2d(x, 3, 2, padding=1)
    for layer in range(1, 5):
        for block in range(2):
            name, stride = f"{root}.layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            y = F.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
            y = F.conv2d(norm(state, y, f"{name}.bn1").relu(), state[f"{name}.conv2.weight"], padding=1)
            if f"{name}.downsample.0.weight" in state:
                x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=2)
                x = norm(state, x, f"{name}.downsample.1")
            x = (x + norm(state, y, f"{name}.bn2")).relu()
    return x.flatten(2).mean(-1)


def functional(state: State, clips: Tensor, mel: Tensor) -> Tensor:
    """All outputs in the published order, from the tensors alone."""
    features = torch.cat([sound(state, mel), video(state, clips)], 1)
    return features @ state["fc.1.weight"].T + state["fc.1.bias"]


def shaken(network: torch.nn.Module) -> None:
    torch.manual_seed(0)
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "running_var", "bias")):
            tensor.uniform_(0.2, 1.0)


@pytest.mark.parametrize(("frames", "size"), [(8, 24), (5, 17)])
def test_the_forward_pass_is_the_published_one(frames: int, size: int) -> None:
    network = TSAV(width=0.25).eval()
    shaken(network)
    clips, mel = torch.randn(2, 4, frames, size, size), torch.randn(2, 1, 64, 41)
    with torch.no_grad():
        outputs = network(clips, mel)
        expected = functional(network.state_dict(), clips, mel)
    torch.testing.assert_close(outputs["EXPR"], expected[:, :7], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(outputs["VA"], expected[:, 7:9].tanh(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(outputs["AU"], expected[:, 9:], rtol=1e-4, atol=1e-4)


def test_published_outputs_stand_in_the_places_of_this_years_units() -> None:
    model = PublishedTSAV().eval()
    head = model.network.fc[1]
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(torch.tensor([*range(7), 3.0, -0.25, *TSAV_UNITS]))
        outputs = model(torch.zeros(1, 4, 1, 8, 8), torch.zeros(1, 1, 64, 9))
    assert outputs["EXPR"].tolist() == [[0, 1, 2, 3, 4, 5, 6]]
    assert outputs["VA"].tolist() == [[1.0, -0.25]]  # clipped, as the released code writes it
    assert outputs["AU20"].tolist() == [[20]]
    known = outputs["AU"][0].tolist()
    unknown = [unit for unit, value in zip(UNITS, known, strict=True) if value != value]
    assert unknown == [7, 10, 23, 24, 26]
    assert [value for value in known if value == value] == [1, 2, 4, 6, 12, 15, 25]


def test_the_front_end_is_the_published_one() -> None:
    """RGB and mask, (x / 255 − mean) / std, frames along the third axis; black is not zero."""
    clips = torch.zeros(1, 8, 112, 112, 4, dtype=torch.uint8)
    clips[0, 3, 5, 7] = torch.tensor([51, 102, 204, 255], dtype=torch.uint8)
    x = prepare(clips)
    assert x.shape == (1, 4, 8, 112, 112)
    expected = [
        (0.2 - 0.43216) / 0.22803,
        (0.4 - 0.394666) / 0.22145,
        (0.8 - 0.37645) / 0.216989,
        0.5 / 0.225,
    ]
    assert x[0, :, 3, 5, 7].tolist() == pytest.approx(expected, rel=1e-5)
    assert x[0, :, 0, 0, 0].tolist() == pytest.approx([-m / s for m, s in zip(MEAN, STD, strict=True)])
