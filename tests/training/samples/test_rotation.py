from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from torch import nn

from stages.training.samples.rotation import rotation

ROWS = {"AU": np.arange(20), "EXPR": np.arange(100, 108)}
ORDER = ("AU", "EXPR")


class Shared(nn.Module):
    """The least network with a backbone and two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(2, 3)
        self.heads = nn.ModuleDict({"AU": nn.Linear(3, 12), "EXPR": nn.Linear(3, 7)})


def test_batches_take_turns_and_the_smaller_task_starts_again() -> None:
    turns = list(rotation(ROWS, ORDER, "batch", 4, seed=1, epoch=1))
    assert [task for task, _ in turns] == ["AU", "EXPR"] * 5
    seen = Counter(row for task, rows in turns if task == "AU" for row in rows.tolist())
    assert set(seen.values()) == {1} and len(seen) == 20
    repeated = Counter(row for task, rows in turns if task == "EXPR" for row in rows.tolist())
    assert set(repeated) == set(range(100, 108)) and set(repeated.values()) <= {2, 3}


def test_a_task_may_have_more_than_one_turn_a_round() -> None:
    turns = list(rotation(ROWS, ("AU", "EXPR", "AU"), "batch", 4, seed=1, epoch=1))
    assert [task for task, _ in turns] == ["AU", "EXPR", "AU"] * 3
    seen = [row for task, rows in turns[:7] if task == "AU" for row in rows.tolist()]
    assert sorted(seen) == list(range(20))


def test_epochs_take_turns() -> None:
    tasks = [
        {task for task, _ in rotation(ROWS, ORDER, "epoch", 4, seed=1, epoch=epoch)} for epoch in (1, 2, 3)
    ]
    assert tasks == [{"AU"}, {"EXPR"}, {"AU"}]


def test_order_is_a_pure_function_of_seed_and_epoch() -> None:
    def flat(seed: int, epoch: int) -> list[int]:
        return [row for _, rows in rotation(ROWS, ORDER, "batch", 4, seed, epoch) for row in rows.tolist()]

    assert flat(1, 1) == flat(1, 1)
    assert flat(1, 1) != flat(1, 2) != flat(2, 1)


def test_steps_bound_the_epoch_and_a_task_without_labels_has_no_turn() -> None:
    assert len(list(rotation(ROWS, ORDER, "batch", 4, 1, 1, steps=3))) == 3
    rows = {"AU": np.arange(8), "EXPR": np.arange(0)}
    assert {task for task, _ in rotation(rows, ORDER, "batch", 4, 1, 1)} == {"AU"}


def test_fewer_rows_than_a_batch_still_train() -> None:
    turns = list(rotation({"AU": np.arange(3)}, ["AU"], "batch", 64, 1, 1))
    assert [sorted(rows.tolist()) for _, rows in turns] == [[0, 1, 2]]


def test_a_batch_moves_its_own_head_and_the_backbone_only() -> None:
    """Momentum from EXPR batches and weight decay must not move the EXPR head in an AU batch."""
    torch.manual_seed(0)
    model = Shared()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for task, rows in rotation(ROWS, ORDER, "batch", 4, seed=1, epoch=1):
        before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
        optimizer.zero_grad(set_to_none=True)
        model.heads[task](model.backbone(torch.ones(len(rows), 2))).square().mean().backward()
        optimizer.step()
        other = "EXPR" if task == "AU" else "AU"
        for name, tensor in model.named_parameters():
            still = name.startswith(f"heads.{other}.")
            assert torch.equal(before[name], tensor.detach()) == still, name
            assert (tensor.grad is None) == still
