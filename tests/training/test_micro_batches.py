"""A step in micro-batches is the step of the whole batch, for every kind of model and every loss."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from stages.audio import model as audio
from stages.clips.batches import ClipBatch, student_loss, taught_loss
from stages.clips.mean_teacher import MeanTeacher
from stages.core.errors import UserError
from stages.networks.audio_visual import TDNN, AudioVisualModel
from stages.networks.common.backbones import build_backbone
from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.networks.gru import GRU
from stages.networks.hrnet import landmark_hrnet
from stages.networks.transformer import Transformer
from stages.networks.tsav import TSAV
from stages.pretrain.cosface import CosFace, Recogniser
from stages.pretrain.recognition import Batch, recognition_loss
from stages.sequence import model as sequence
from stages.sequence.network import SequenceModel
from stages.training.fit import Loss, fit
from stages.training.losses import TaskLoss, ccc_loss, focal, weighted_bce
from stages.training.micro_batches import MicroBatches, in_micro_batches, parts_of
from stages.training.segments import Lesson, Segments, joint_loss
from stages.training.visual import Turn, turn_loss

SAMPLES, PART, FRAMES = 7, 3, 4
TASKS = ("AU", "EXPR", "VA")
LOSSES: dict[str, TaskLoss] = {"AU": weighted_bce, "EXPR": focal, "VA": ccc_loss}


class Case(NamedTuple):
    """A model, its loss and a batch."""

    model: nn.Module
    loss: Loss
    batch: Any


def labels(*shape: int) -> dict[str, Tensor]:
    """Labels of all tasks, most of them missing among the first samples and few among the last."""
    known = torch.rand(*shape) < torch.linspace(0.2, 1.0, shape[0]).view(-1, *[1] * (len(shape) - 1))
    units = torch.where(known[..., None], torch.randint(0, 2, (*shape, 12)), -1)
    values = torch.where(known[..., None], torch.rand(*shape, 2) * 2 - 1, torch.nan)
    return {"AU": units, "EXPR": torch.where(known.flip(0), torch.randint(0, 7, shape), -1), "VA": values}


def visual() -> Case:
    backbone = build_backbone("iresnet", 18, width=0.125, input_size=32)
    model = VisualModel(backbone, Heads(backbone.features, TASKS, hidden=8))
    return Case(model, turn_loss(LOSSES), Turn(torch.randn(SAMPLES, 3, 32, 32), labels(SAMPLES)))


def clips(taught: bool) -> Case:
    model, loss = TSAV(width=0.125), (taught_loss if taught else student_loss)(LOSSES)
    pixels = torch.randint(0, 256, (SAMPLES, 2, 16, 16, 4), dtype=torch.uint8)
    mel = torch.randn(SAMPLES, 1, 64, 16)
    batch = ClipBatch(pixels, 1 + torch.rand(SAMPLES), mel, labels(SAMPLES), 0.4)
    return Case(MeanTeacher(model, 0.9) if taught else model, loss, batch)


def heard() -> Case:
    model = AudioVisualModel(TDNN(features=8), Heads(16 + 8, TASKS), 20)
    return Case(model, joint_loss(audio.forward, LOSSES), lesson(torch.randn(SAMPLES, 24, 64)))


def windows(encoder: nn.Module) -> Case:
    model = SequenceModel(Heads(16, TASKS), encoder)
    return Case(model, joint_loss(sequence.forward, LOSSES), lesson(torch.zeros(SAMPLES, FRAMES, 0)))


def lesson(sound: Tensor) -> Lesson:
    absent = torch.rand(SAMPLES, FRAMES) < 0.3
    absent[:, 0] = False
    return Lesson(Segments(torch.randn(SAMPLES, FRAMES, 16), sound, absent), labels(SAMPLES, FRAMES))


def recognition() -> Case:
    backbone = build_backbone("iresnet", 18, width=0.125, input_size=32)
    model = Recogniser(backbone, CosFace(backbone.features, 5))
    batch = Batch(torch.randn(SAMPLES, 3, 32, 32), torch.randint(0, 5, (SAMPLES,)))
    return Case(model, recognition_loss, batch)


def landmarks() -> Case:
    images, heatmaps = torch.randn(SAMPLES, 3, 64, 64), torch.rand(SAMPLES, 6, 16, 16)
    return Case(
        landmark_hrnet(6, 4, (1, 1, 1), 1), lambda net, batch: {"loss": mse_loss(net(batch[0]), batch[1])},
        (images, heatmaps),
    )  # fmt: skip


CASES: dict[str, Callable[[], Case]] = {
    "visual": visual, "clips": lambda: clips(False), "mean teacher": lambda: clips(True), "audio": heard,
    "gru": lambda: windows(GRU(16, 1, 8, 0.0, True)),
    "transformer": lambda: windows(Transformer(16, 1, 2, 16, 0.0, positions=True)),
    "recognition": recognition, "landmarks": landmarks,
}  # fmt: skip


def without_batch_norm(model: nn.Module) -> nn.Module:
    """Its batch norms exchanged for norms over a sample, which no other sample has a part in."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                setattr(parent, name, nn.GroupNorm(1, child.num_features))
    return model


def step(
    model: nn.Module, loss: Loss, batch: Any, folder: Path
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """What one clipped step of `fit` changes in the parameters, and its row of the history."""
    before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
    optimizer = torch.optim.SGD([x for x in model.parameters() if x.requires_grad], lr=1.0)
    row = fit(
        model, loss, lambda _: [batch], optimizer=optimizer, epochs=1, seed=1, state=folder,
        fabric=Fabric(accelerator="cpu", devices=1), clip_norm=0.5,
    )[0]  # fmt: skip
    return {name: tensor.detach() - before[name] for name, tensor in model.named_parameters()}, row


def case(name: str) -> Case:
    torch.manual_seed(0)
    made = CASES[name]()
    without_batch_norm(made.model)
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_that_of_the_whole_batch(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, row = step(*case(name), tmp_path / "whole")
    monkeypatch.setenv("MICRO_BATCH", str(PART))
    parts, same = step(*case(name), tmp_path / "parts")
    assert row == pytest.approx(same, rel=1e-5)
    largest = max(float(change.abs().max()) for change in whole.values())
    assert largest > 1e-3
    for key, change in whole.items():
        torch.testing.assert_close(parts[key], change, rtol=1e-3, atol=1e-4 * largest)


@pytest.mark.parametrize("told", [None, str(SAMPLES)])
def test_a_batch_that_fits_takes_no_other_way(
    told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = []
    for number, size in enumerate((None, told)):
        if size:
            monkeypatch.setenv("MICRO_BATCH", size)
        torch.manual_seed(0)
        changes.append(step(*visual(), tmp_path / str(number))[0])
    assert all(torch.equal(changes[0][key], changes[1][key]) for key in changes[0])
    assert in_micro_batches(nn.Identity(), None).__class__ is nn.Identity


def test_dropout_is_the_same_when_a_part_is_run_again() -> None:
    """Of a sum of inputs that were not dropped, each weight's gradient is its share."""
    linear = nn.Linear(50, 1, bias=False)
    nn.init.ones_(linear.weight)
    sums = nn.Sequential(nn.Dropout(0.5), linear)
    torch.manual_seed(0)
    total = MicroBatches(sums, 2)(torch.ones(8, 50)).sum()
    torch.rand(3)  # whatever is drawn in between
    total.backward()
    kept = float(total.detach())
    assert 200 < kept < 600
    assert linear.weight.grad is not None
    assert float(linear.weight.grad.sum()) == pytest.approx(kept)


def test_batch_norm_takes_each_part_by_itself_and_counts_it_once() -> None:
    """By hand: a running mean that moves by a tenth, towards 1 and then towards 5."""
    norm: Any = nn.BatchNorm1d(1)
    x = torch.tensor([[0.0], [2.0], [4.0], [6.0]])
    outputs = MicroBatches(norm, 2)(x)
    outputs.square().sum().backward()
    assert outputs.flatten().tolist() == pytest.approx([-1, 1, -1, 1], abs=1e-4)
    assert float(norm.running_mean) == pytest.approx(0.9 * 0.1 + 0.5)
    assert int(norm.num_batches_tracked) == 2
    assert float(norm.weight.grad) == pytest.approx(8, rel=1e-4)


def test_activations_of_one_part_are_there_at_a_time() -> None:
    alive: list[weakref.ref[Tensor]] = []
    most: list[int] = []

    def note(_: nn.Module, inputs: Any, output: Tensor) -> None:
        alive.append(weakref.ref(output))
        most.append(sum(len(seen) for ref in alive if (seen := ref()) is not None))

    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    model[1].register_forward_hook(note)
    MicroBatches(model, 2)(torch.randn(12, 3)).square().sum().backward()
    assert len(alive) == 12 and max(most) == 2  # six parts, each run twice


def test_nothing_is_run_twice_without_gradients() -> None:
    seen: list[int] = []
    model = nn.Linear(3, 1)
    model.register_forward_hook(lambda _, inputs, output: seen.append(len(output)))
    with torch.no_grad():
        MicroBatches(model, 2)(torch.randn(12, 3))
    assert seen == [12]


@pytest.mark.parametrize(
    ("count", "size", "parts"),
    [(1024, 128, 8), (256, 100, 3), (7, 3, 3), (7, 2, 3), (3, 2, 1), (4, 9, 1), (1, 2, 1)],
)
def test_parts_are_few_and_none_is_a_single_sample(count: int, size: int, parts: int) -> None:
    assert parts_of(count, size) == parts


@pytest.mark.parametrize("told", ["1", "0", "-4", "many", "2.5"])
def test_what_is_no_size_is_refused(told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICRO_BATCH", told)
    with pytest.raises(
        UserError, match=f"^MICRO_BATCH={told}: is no whole number from 2 up; set it to [a-z ]+$"
    ):
        step(*heard(), tmp_path)
