"""What helps where a step does not fit, and how long it takes: by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from stages.plan.memory import Memory, memory_of
from stages.plan.outline import Outline
from stages.plan.steps import Step, micro_batches, misfit, plan_step, rate_of, with_hours
from stages.training.recipe import Recipe

MEMORY = Memory(parameters=10, network=1000, activations=100.0, inputs=12.0, outputs=4.0, flops=1e6)


def outline(batch: int, seen: int | None = 1000) -> Outline:
    recipe = Recipe(seed=1, threads=1, epochs=2, batch=batch, lr=0.1)
    with torch.device("meta"):
        return Outline(nn.Linear(3, 2), lambda n: (torch.empty(n, 3),), "images", recipe, seen, validated=500)


def step(room: float, batch: int = 64, devices: int = 1, memory: Memory = MEMORY) -> Step:
    return plan_step("finetune@x", outline(batch), memory, room, devices)


def test_a_batch_is_shared() -> None:
    """Of 3600 bytes that a step may use 1384 are for 16 samples: with their network, 22 more would fit."""
    assert step(4000, devices=4).share == 16
    assert (step(4000, devices=4).fitting, step(4000).fitting) == (16, 10)


def test_what_helps() -> None:
    assert misfit(step(4000), 4000, None, "x.finetune") is None
    assert misfit(step(4000), 4000, 10, "x.finetune") is None
    told = misfit(step(4000), 4000, 11, "x.finetune")
    assert told == "MICRO_BATCH=11: finetune@x holds 10 images at once; set that"
    assert "; set x.finetune.batch lower, or DEVICES higher" in str(
        misfit(step(2900), 2900, None, "x.finetune")
    )
    network = step(2900, memory=MEMORY._replace(network=9000))
    assert str(misfit(network, 2900, None, "x.finetune")).endswith("its network; give it a larger device")


def test_one_size_fits_all_that_do_not_fit_whole() -> None:
    steps = [step(1e6), step(4000), step(5000)]
    assert micro_batches(steps, None) == 10
    assert micro_batches(steps, 8) is None and micro_batches(steps[:1], None) is None


def test_hours_count_what_is_run_again() -> None:
    """2 epochs of 3 passes over 1000 samples, one of 500 more, a million operations each."""
    assert with_hours(step(1e6), 1e6, 1).hours == pytest.approx(2 * 3500 / 3600)
    assert with_hours(step(4000), 1e6, 1).hours == pytest.approx(2 * 4500 / 3600)
    assert with_hours(step(1e6), 1e6, 2).hours == pytest.approx(2 * 2000 / 3600)
    unknown = plan_step("pretrain@x", outline(64, None), MEMORY, 1e6, 1)
    assert with_hours(unknown, 1e6, 1).hours is None


def test_a_measured_rate_leaves_no_weights_behind() -> None:
    one = outline(64)
    found = plan_step("finetune@x", one, memory_of(one), 1e6, 1)
    assert rate_of(found, torch.device("cpu")) > 0
    assert all(tensor.is_meta for tensor in one.model.parameters())
