"""A training's steps on a device: what fits of a batch, how long all of them take, what helps where none fits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from stages.plan.memory import LEAST, RESERVE, Memory
from stages.plan.outline import Outline

TRIALS = 3  # steps that are timed; the fastest counts
TIMED = 4  # samples of each


class Step(NamedTuple):
    """A stage's step: `share` of the batch that a device has, `fitting` samples of it at once, `whole` bytes.

    `hours` of all its epochs, None where no rate is known.
    """

    stage: str
    outline: Outline
    memory: Memory
    share: int
    fitting: int
    hours: float | None = None

    @property
    def whole(self) -> float:
        """Bytes of a step that holds all of a device's share."""
        return self.memory.step(self.share, self.share)


def plan_step(stage: str, outline: Outline, memory: Memory, room: float, devices: int) -> Step:
    """The step of a stage on each of `devices` with `room` bytes."""
    share = -(-outline.recipe.batch // devices)
    return Step(stage, outline, memory, share, memory.fits(share, room))


def misfit(step: Step, room: float, chosen: int | None, block: str) -> str | None:
    """What keeps a step from fitting and what helps, None where it fits; `chosen`: MICRO_BATCH."""
    space = f"of {room * (1 - RESERVE) / 1e9:.1f} GB that a step may use"
    if step.fitting == 0:
        bare = step.memory.step(step.share, 0)
        needs = f"{step.stage}: {min(LEAST, step.share)} {step.outline.unit} at once take " + (
            f"{(bare + LEAST * step.memory.activations) / 1e9:.1f} GB {space}"
        )
        if step.memory.network > bare / 2:
            return f"{needs}, {step.memory.network / 1e9:.1f} of them its network; give it a larger device"
        return f"{needs}, most of them for the whole batch; set {block}.batch lower, or DEVICES higher"
    if chosen and min(chosen, step.share) > step.fitting:
        return (
            f"MICRO_BATCH={chosen}: {step.stage} holds {step.fitting} {step.outline.unit} at once; set that"
        )
    return None


def micro_batches(steps: Sequence[Step], chosen: int | None) -> int | None:
    """The MICRO_BATCH with which all steps fit, None where they do without or one is chosen."""
    split = [step.fitting for step in steps if step.fitting < step.share]
    return None if chosen or not split else min(split)


def with_hours(step: Step, rate: float, devices: int) -> Step:
    """With the hours that its epochs take where a device does `rate` operations a second.

    A sample costs three forward passes, one more where parts are run again, and one for each that is predicted.
    """
    if step.outline.seen is None:
        return step
    passes = 3 if step.fitting >= step.share else 4
    samples = step.outline.recipe.epochs * (passes * step.outline.seen / devices + step.outline.validated)
    return step._replace(hours=samples * step.memory.flops / rate / 3600)


def rate_of(step: Step, device: torch.device) -> float:
    """Operations a second of the step's network, timed on a few samples of it."""
    model = step.outline.model.to_empty(device=device)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.zero_()
    count = min(TIMED, max(LEAST, step.fitting))
    with device:
        inputs = [each.zero_() for each in step.outline.inputs(count)]
    fastest = min(_seconds(model, inputs, device) for _ in range(TRIALS))
    model.to("meta")
    return 3 * count * step.memory.flops / fastest


def _seconds(model: torch.nn.Module, inputs: Sequence[torch.Tensor], device: torch.device) -> float:
    start = time.perf_counter()
    sum(output.sum() for output in _leaves(model(*inputs)) if output.requires_grad).backward()  # type: ignore[union-attr]
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _leaves(outputs: object) -> Iterator[torch.Tensor]:
    if isinstance(outputs, torch.Tensor):
        yield outputs
    else:
        for each in outputs.values() if isinstance(outputs, dict) else outputs:  # type: ignore[attr-defined]
            yield from _leaves(each)
