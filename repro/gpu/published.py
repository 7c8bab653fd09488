"""Steps of the published sizes on a GPU: time, memory, and whether the same step gives the same bytes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from repro.gpu.lessons import Step, held_out, landmarks, params_of, recognition, runs, step_of
from stages.core.card import kind_named, save_card, save_model, save_weights
from stages.core.params import Values, read_params
from stages.core.paths import EMBEDDINGS, MODELS, PRETRAINED
from stages.core.runtime import seed_all
from stages.embed.__main__ import Params as EmbedParams
from stages.embed.__main__ import embed
from stages.networks.common.architecture import Architecture
from stages.networks.common.pretrained import BackboneCard
from stages.params.places import in_force, stages
from stages.pretrain.__main__ import NETWORK

FP32, BF16 = "32-true", "bf16-mixed"
STEPS = 5  # timed, behind two that are not
LENT = {
    "weights": None,
    "folds": None,
    "extra": False,
    "milestones": (1,),
}  # weights are random: speed is the same
SAME = (
    "step",
    "fold",
    "backbone",
    "tasks",
    "reads",
    "embeddings",
)  # keys that leave a run as costly as another
CHECKPOINT = "epoch_01"

Row = dict[str, Any]


class Cost(NamedTuple):
    """Of a step: images in it, seconds, peak memory of the device and what it keeps for the backward pass, bytes."""

    images: int
    seconds: float
    peak: int
    saved: int


def rows() -> Iterator[Row]:
    """A row a kind of step at scale `paper`, in a folder in which the pipeline has run; models there become random ones
    of published size."""
    values = {**read_params(), "scale": "paper"}
    _lend_backbones(values)
    for name in values["pretrain"]:
        yield row(f"pretrain@{name}", values, partial(recognition, values, name))
    yield row("landmarks", values, partial(landmarks, values))
    seen: list[Values] = []
    for stage in runs(values):
        _lend_embeddings(values, stage)
        own = {key: value for key, value in in_force(values, stage).items() if key not in SAME}
        if own not in seen:
            seen.append(own)
            yield _system_row(values, stage)
        _lend_model(values, stage)


def row(stage: str, values: Values, make: Callable[[Fabric, int], Step]) -> Row:
    """Costs of a step in fp32 and bf16, of the published batch or the largest half, quarter … of it that fits."""
    batch = in_force(values, stage)["batch"]
    found: Row = {"stage": stage, "batch": batch}
    for name, precision in (("fp32", FP32), ("bf16", BF16)):
        cost = _that_fits(make, batch, precision)
        found[name] = {
            "images": cost.images,
            "ms": round(1000 * cost.seconds, 1),
            "per_second": round(cost.images / cost.seconds),
            "peak_gib": round(cost.peak / 2**30, 2),
            "saved_mb_an_image": round(cost.saved / cost.images / 1e6, 2),
        }
    found["same_bytes"] = same_bytes(lambda fabric: make(fabric, found["fp32"]["images"]))
    return found


def _system_row(values: Values, stage: str) -> Row:
    """A step of a system's run on the pipeline's faces; also with its feeding, and prediction."""

    def make(fabric: Fabric, batch: int, scratch: str) -> Step:
        return step_of(values, stage, fabric, Path(scratch), **LENT, batch=batch)

    with TemporaryDirectory() as scratch:
        found = row(stage, values, lambda fabric, batch: make(fabric, batch, scratch))
        fabric = _fabric(FP32)
        step = make(fabric, found["fp32"]["images"], scratch)
        found["fed_per_second"] = round(fed(step, fabric))
        found["predicted_per_second"] = round(predicted(values, stage, step, Path(scratch)))
    return found


def _that_fits(make: Callable[[Fabric, int], Step], batch: int, precision: str) -> Cost:
    while True:
        try:
            return cost(make, batch, precision)
        except torch.cuda.OutOfMemoryError:
            batch //= 2
        gc.collect()  # outside of the handler, which holds on to the step
        torch.cuda.empty_cache()


def cost(make: Callable[[Fabric, int], Step], batch: int, precision: str) -> Cost:
    """Of one batch that is on the device already."""
    fabric = _fabric(precision)
    step = make(fabric, batch)
    lesson = next(iter(step.batches(1)))
    model, take = stepper(step, fabric)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    loss = step.loss(model, lesson)["loss"]
    saved = torch.cuda.memory_allocated() - before
    del loss
    seconds = _timed(lambda: take(lesson), STEPS)
    return Cost(images_of(lesson), seconds, torch.cuda.max_memory_allocated(), saved)


def stepper(step: Step, fabric: Fabric) -> tuple[Any, Callable[[Any], None]]:
    """The model on the device, and what takes a step on a batch."""
    model, optimizer = fabric.setup(step.model, step.recipe.build(step.model)[0])
    model.train()

    def take(lesson: Any) -> None:
        optimizer.zero_grad(set_to_none=True)
        fabric.backward(step.loss(model, lesson)["loss"])
        if step.recipe.clip_norm is not None:
            fabric.clip_gradients(model, optimizer, max_norm=step.recipe.clip_norm)
        optimizer.step()

    return model, take


def same_bytes(make: Callable[[Fabric], Step]) -> bool:
    """Whether two steps from one start end in the same bytes twice."""
    first, second = (_after_two(make) for _ in range(2))
    return all(torch.equal(first[name], second[name]) for name in first)


def _after_two(make: Callable[[Fabric], Step]) -> dict[str, Tensor]:
    fabric = _fabric(FP32)
    seed_all(1)
    step = make(fabric)
    model, take = stepper(step, fabric)
    for lesson in islice(chain.from_iterable(step.batches(epoch) for epoch in count(1)), 2):
        take(lesson)
    return {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}


def fed(step: Step, fabric: Fabric) -> float:
    """Images a second of steps with reading, augmentation and labels, as trained."""
    _, take = stepper(step, fabric)
    lessons = chain.from_iterable(step.batches(epoch) for epoch in count(1))
    images = 0

    def some(steps: int) -> None:
        nonlocal images
        for lesson in islice(lessons, steps):
            take(lesson)
            images += images_of(lesson)

    some(2)
    images = 0
    return _counted(lambda: some(STEPS), lambda: images)


def predicted(values: Values, stage: str, step: Step, scratch: Path) -> float:
    """Faces a second of prediction over the validation frames, in fp32, at every `predict_stride`th of clips."""
    kind, params = kind_named(stage.split("@")[0]), params_of(values, stage, **LENT)
    card, network = kind.describe(params), getattr(step.model, "teacher", step.model)
    footage = held_out(next(network.parameters()).device, scratch)
    kind.predict(network, card, replace(footage, table=footage.table[:64], scratch=scratch / "some"))
    return _counted(lambda: kind.predict(network, card, footage), lambda: len(footage.table))


def images_of(lesson: Any) -> int:
    """Faces, clips or windows of a batch."""
    first = lesson
    while not isinstance(first, Tensor):
        first = next(iter(first if isinstance(first, tuple) else vars(first).values()))
    return len(first)


def _fabric(precision: str) -> Fabric:
    return Fabric(accelerator="cuda", devices=1, precision=precision)  # type: ignore[arg-type]


def _timed(work: Callable[[], object], repeat: int) -> float:
    """Seconds each, behind two that are not counted."""
    for _ in range(2):
        work()
    return 1 / _counted(lambda: [work() for _ in range(repeat)], lambda: repeat)


def _counted(work: Callable[[], object], number: Callable[[], int]) -> float:
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return number() / (time.perf_counter() - started)


def _lend_backbones(values: Values) -> None:
    """Random backbones of published size in place of the pretrained ones."""
    for stage in stages(values):
        verb, _, name = stage.partition("@")
        if verb in ("pretrain", "specialise"):
            source = name if verb == "pretrain" else Path(values["specialise"][name]["backbone"]).name
            own = in_force(values, f"pretrain@{source}")
            network = Architecture(**{key: own[key] for key in NETWORK})
            card = BackboneCard(stage=verb, name=name, network=network, params={}, data="", code="")
            save_model(PRETRAINED / name, network.build().network.state_dict(), card)


def _lend_model(values: Values, stage: str) -> None:
    """A random model of a run's published size in place of the trained one, for what reads it."""
    kind, params = kind_named(stage.split("@")[0]), params_of(values, stage, **LENT)
    card = kind.describe(params).model_copy(update={"chosen": CHECKPOINT})
    folder = MODELS / params.system / params.step
    network: nn.Module = kind.build(card)
    save_weights(folder / f"{CHECKPOINT}.safetensors", network.state_dict())
    save_card(folder, card)


def _lend_embeddings(values: Values, stage: str) -> None:
    """Features of the random model that a run reads, if it reads some."""
    found = in_force(values, stage)
    if "embeddings" in found and (read := Path(found["embeddings"]).relative_to(EMBEDDINGS)):
        embed(EmbedParams(**in_force(values, f"embed@{'-'.join(read.parts)}")))
