from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from stages.clips.mean_teacher import MeanTeacher, consistency, pseudo_labels, ramp_up
from stages.training.fit import fit
from stages.training.losses import TaskLoss, ccc_loss, cross_entropy, weighted_bce

LOSSES: dict[str, TaskLoss] = {"AU": weighted_bce, "EXPR": cross_entropy, "VA": ccc_loss}


class Tiny(nn.Module):
    """Two inputs, a batch norm and an output: parameters, and buffers of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))

    def forward(self, clips: Tensor, mel: Tensor) -> dict[str, Tensor]:
        return {"VA": self.layers(clips) + mel}


def batches(epoch: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(epoch)
    return [torch.randn(6, 3, generator=generator) for _ in range(4)]


class Killed(Exception):
    """Stands for the end of the process."""


def train(
    state: Path, epochs: int = 3, die_at: int | None = None, decay: float = 0.75
) -> tuple[MeanTeacher, list[dict[str, Tensor]]]:
    """The model after training, and the student's tensors after every step."""
    torch.manual_seed(0)
    model = MeanTeacher(Tiny(), decay)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.05)
    optimizer.register_step_post_hook(model.follow)
    seen: list[dict[str, Tensor]] = []
    optimizer.register_step_post_hook(lambda *_: seen.append(copy(model.student)))

    def loss(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
        outputs, taught = model(x, x + 0.1, torch.zeros(()))
        assert not taught["VA"].requires_grad
        return {"loss": outputs["VA"].square().mean()}

    def score(epoch: int) -> dict[str, float]:
        if epoch == die_at:
            raise Killed
        return {}

    fit(
        model, loss, batches, optimizer=optimizer, epochs=epochs, seed=1, state=state,
        fabric=Fabric(accelerator="cpu", devices=1), on_epoch=score,
    )  # fmt: skip
    return model, seen


def copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_the_teacher_is_the_average_of_the_students_steps_buffers_included(tmp_path: Path) -> None:
    """By hand: the mean of the first 1 / (1 − 0.75) steps, then θ' = 0.75 θ' + 0.25 θ, over all epochs."""
    model, seen = train(tmp_path)
    teacher = model.teacher.state_dict()
    assert len(seen) == 12 and "layers.1.running_var" in teacher
    for name in teacher:
        if name.endswith("num_batches_tracked"):
            continue
        average = seen[0][name].double()
        for step, student in enumerate(seen[1:], start=2):
            keep = min(1 - 1 / step, 0.75)
            average = keep * average + (1 - keep) * student[name].double()
        torch.testing.assert_close(teacher[name].double(), average, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("die_at", [1, 2, 3])
def test_a_run_that_goes_on_goes_on_with_its_teacher(tmp_path: Path, die_at: int) -> None:
    whole, _ = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "killed", die_at=die_at)
    resumed, _ = train(tmp_path / "killed")
    states = whole.state_dict(), resumed.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert int(whole.average.n_averaged) == 12


def test_only_the_student_is_trained_and_the_teacher_never_is_in_training_mode() -> None:
    model = MeanTeacher(Tiny(), 0.99).train()
    assert model.student.training and not model.teacher.training
    assert {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad} == {"student"}
    before = copy(model.teacher)
    model(torch.randn(6, 3), torch.randn(6, 3), torch.zeros(()))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.teacher.state_dict().items())


def some_answers() -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Outputs of a student and of a teacher for 40 samples, and labels of which about half are missing."""
    random = np.random.default_rng(0)
    count = 40
    students, teachers = (
        {
            "AU": torch.from_numpy(random.normal(size=(count, 12)).astype(np.float32)),
            "EXPR": torch.from_numpy(random.normal(size=(count, 7)).astype(np.float32)),
            "VA": torch.from_numpy(random.uniform(-1, 1, (count, 2)).astype(np.float32)),
        }
        for _ in range(2)
    )
    targets = {
        "AU": torch.from_numpy(random.integers(-1, 2, (count, 12)).astype(np.int8)),
        "EXPR": torch.from_numpy(random.integers(-1, 7, count).astype(np.int8)),
        "VA": torch.from_numpy(random.uniform(-1, 1, (count, 2)).astype(np.float32)),
    }
    targets["EXPR"][::2] = -1
    targets["VA"][::3] = torch.nan
    return students, teachers, targets


def test_pseudo_labels_stand_where_a_label_is_missing_and_nowhere_else() -> None:
    _, teachers, targets = some_answers()
    labels = pseudo_labels(teachers, targets)
    for i in range(40):
        for unit in range(12):
            probability = 1 / (1 + exp(-float(teachers["AU"][i, unit])))
            expected = int(probability > 0.5) if targets["AU"][i, unit] == -1 else -1
            assert labels["AU"][i, unit] == expected
        most_likely = int(np.argmax(teachers["EXPR"][i].numpy()))
        assert labels["EXPR"][i] == (most_likely if targets["EXPR"][i] == -1 else -1)
        if targets["VA"][i, 0].isnan():
            assert labels["VA"][i].tolist() == teachers["VA"][i].tolist()
        else:
            assert labels["VA"][i].isnan().all()


def test_consistency_is_the_tasks_losses_over_what_is_not_labelled() -> None:
    students, teachers, targets = some_answers()
    found = float(consistency(students, teachers, targets, LOSSES))
    logits, taught = students["AU"].numpy().astype(float), teachers["AU"].numpy()
    units = [
        np.log1p(np.exp(-x if hard > 0 else x))
        for x, hard, known in zip(logits.flat, taught.flat, targets["AU"].numpy().flat, strict=True)
        if known == -1
    ]
    scores = students["EXPR"].numpy().astype(float)
    faces = [
        np.log(np.exp(scores[i]).sum()) - scores[i, np.argmax(teachers["EXPR"][i].numpy())]
        for i in range(40)
        if targets["EXPR"][i] == -1
    ]
    missing = targets["VA"][:, 0].isnan().numpy()
    ccc = []
    for dimension in range(2):
        x, y = (each["VA"][:, dimension].numpy().astype(float)[missing] for each in (students, teachers))
        ccc.append(2 * np.cov(x, y, ddof=0)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2))
    assert found == pytest.approx(np.mean(units) + np.mean(faces) + 1 - np.mean(ccc), rel=1e-4)


def test_without_a_missing_label_there_is_no_consistency() -> None:
    students, teachers, targets = some_answers()
    full = {"AU": targets["AU"].clamp(min=0), "EXPR": targets["EXPR"].clamp(min=0)}
    full["VA"] = targets["VA"].nan_to_num(0.5)
    assert float(consistency(students, teachers, full, LOSSES)) == 0


def test_ramp_up() -> None:
    """exp(−5 (1 − t)²) with t from 0 in the first epoch to 1 (Laine & Aila 2017, 3.1)."""
    found = [ramp_up(epoch, 15) for epoch in range(1, 20)]
    expected = [exp(-5 * (1 - (epoch - 1) / 15) ** 2) if epoch < 16 else 1 for epoch in range(1, 20)]
    assert found == pytest.approx(expected)
    assert found[0] == pytest.approx(0.0067, abs=1e-4) and found[-1] == 1
