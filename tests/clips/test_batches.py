from __future__ import annotations

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from stages.clips.augment import ClipAugment
from stages.clips.batches import (
    ClipBatch,
    clip_batches,
    hide_labels,
    student_loss,
    taught_loss,
)
from stages.clips.cutting import Clips, cut_clips
from stages.clips.mean_teacher import MeanTeacher
from stages.training.losses import TaskLoss, ccc_loss, cross_entropy, weighted_bce
from tests.clips.test_cutting import SMALL, make_footage

LOSSES: dict[str, TaskLoss] = {"AU": weighted_bce, "EXPR": cross_entropy, "VA": ccc_loss}
TASKS = ("AU", "EXPR", "VA")


def some_clips(trials: int = 3) -> Clips:
    numbers = list(range(1, 31))
    return cut_clips([make_footage(numbers, numbers[5:], f"t{trial}") for trial in range(trials)], SMALL)


def epoch_of(clips: Clips, epoch: int, steps: int = 4, tasks: tuple[str, ...] = TASKS) -> list[ClipBatch]:
    batches = clip_batches(
        clips, ClipAugment(flip=0.5, hue=5, brightness=0.2), lambda number: number / 10, tasks=tasks,
        batch=8, steps=steps, seed=1, fabric=Fabric(accelerator="cpu", devices=1),
    )  # fmt: skip
    return list(batches(epoch))


def test_batches_are_a_pure_function_of_the_epoch() -> None:
    first, again, other = (epoch_of(some_clips(), epoch) for epoch in (2, 2, 3))
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.clips, b.clips) and torch.equal(a.light, b.light) and torch.equal(a.mel, b.mel)
    assert not torch.equal(first[0].clips, other[0].clips)


def test_a_batch_holds_clips_their_sound_and_their_labels() -> None:
    batch = epoch_of(some_clips(), 2, tasks=("AU", "EXPR"))[0]
    assert batch.clips.shape == (8, 8, 8, 8, 4) and batch.clips.dtype == torch.uint8
    assert batch.mel.shape == (8, 1, 64, 11)
    assert set(batch.targets) == {"AU", "EXPR"} and batch.weight == pytest.approx(0.2)
    last = batch.clips[:, -1, 0, 0, 3].long() - 100  # masks tell the frame's number, colours are changed
    assert torch.equal(batch.targets["EXPR"].long(), last % 7)


class Fixed(nn.Module):
    """Answers of two parameters, whatever it sees, but VA: the clips' mean light."""

    def __init__(self) -> None:
        super().__init__()
        self.units, self.faces = nn.Parameter(torch.linspace(-1, 1, 12)), nn.Parameter(torch.arange(7.0))

    def forward(self, clips: Tensor, mel: Tensor) -> dict[str, Tensor]:
        count, light = len(clips), clips[:, :3].mean((1, 2, 3, 4))
        va = torch.stack([light, -light], 1)
        return {"AU": self.units.expand(count, -1), "EXPR": self.faces.expand(count, -1), "VA": va}


def test_the_loss_is_the_sum_of_the_tasks_and_of_weighted_consistency() -> None:
    clips = hide_labels(some_clips(4), 0.5, seed=3)
    batch = epoch_of(clips, 4)[0]
    alone = student_loss(LOSSES)(Fixed(), batch)
    terms = [float(alone[task].detach()) for task in TASKS]
    assert float(alone["loss"].detach()) == pytest.approx(sum(terms))
    known = batch.targets["EXPR"] >= 0
    logits = torch.arange(7.0)
    expected = (logits.exp().sum().log() - logits[batch.targets["EXPR"][known].long()]).mean()
    assert float(alone["EXPR"].detach()) == pytest.approx(float(expected), rel=1e-5)
    taught = taught_loss(LOSSES)(MeanTeacher(Fixed(), 0.99), batch)
    assert float(taught["consistency"].detach()) > 0
    whole = sum(terms) + 0.4 * float(taught["consistency"].detach())
    assert float(taught["loss"].detach()) == pytest.approx(whole, rel=1e-5)


def test_the_teacher_sees_another_light() -> None:
    clips = torch.full((2, 1, 1, 1, 4), 100, dtype=torch.uint8)
    batch = ClipBatch(clips, torch.tensor([1.0, 2.0]), torch.zeros(2, 1, 64, 1), {}, 1.0)
    seen: list[Tensor] = []

    class Spy(nn.Module):
        def forward(self, clear: Tensor, noisy: Tensor, mel: Tensor) -> tuple[dict[str, Tensor], None]:
            seen.extend([clear, noisy])
            raise StopIteration

    with pytest.raises(StopIteration):
        taught_loss(LOSSES)(Spy(), batch)
    clear, noisy = seen
    assert torch.equal(clear[0], noisy[0]) and torch.equal(clear[1, 3], noisy[1, 3])
    assert (noisy[1, :3] > clear[1, :3]).all()


def test_hidden_labels_are_those_of_whole_trials_for_each_task() -> None:
    clips = some_clips(10)
    found = hide_labels(clips, 0.5, seed=1)
    lost = {}
    for task in TASKS:
        known = found.labels.known(task)
        by_trial = [set(known[clips.of == trial]) for trial in range(10)]
        assert all(len(own) == 1 for own in by_trial)
        lost[task] = {trial for trial, own in enumerate(by_trial) if own == {False}}
        assert len(lost[task]) == 5
    assert lost["AU"] != lost["EXPR"]
    assert clips.labels.known("AU").all(), "the clips given must stay as they are"


def test_nothing_is_hidden_by_default() -> None:
    clips = some_clips()
    found = hide_labels(clips, 0.0, seed=1)
    assert all((found.labels.known(task) == clips.labels.known(task)).all() for task in TASKS)
