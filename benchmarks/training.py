"""Training steps beside the bare model on random tensors, and peak memory."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from benchmarks.measure import Row, seconds
from stages.core.runtime import setup_torch
from stages.networks.common.backbones import build_backbone
from stages.networks.common.heads import Heads
from stages.networks.common.visual import VisualModel
from stages.training.fit import fit
from stages.training.objectives import Objectives
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Faces, Labels
from stages.training.samples.sampling import sampler
from stages.training.visual import turn_loss, turns

TASKS = ("AU", "EXPR")
PAPER = Augment(flip=0.5, crop=0.6, hue=10, saturation=0.3, lightness=0.1)  # Jin et al. 2021, 4.2
WIDTH, SIZE, BATCH, STEPS = 0.25, 80, 64, 16  # IResNet18 as the demo shrinks it
LOOP, BARE = "the training loop", "the bare model"


def rows() -> list[Row]:
    """Samples a second of a training step, and its peak memory in MiB."""
    ours, theirs = (_peak(way) for way in (LOOP, BARE))
    memory = Row("its peak memory (less is better)", "MiB", ours, BARE, theirs)
    return [_step(), memory]


def _step() -> Row:
    ours, theirs = seconds(_work(LOOP), _work(BARE), repeat=3)
    samples = BATCH * STEPS
    return Row("training IResNet18", "faces/s", samples / ours, BARE, samples / theirs, "≥ 0.92 ×")


def _work(way: str) -> Callable[[], None]:
    """A few steps of fine-tuning, by the project's loop from faces on disk, or of the model alone."""
    setup_torch(torch.get_num_threads(), 0)  # as a training stage begins
    model = VisualModel(build_backbone("iresnet", 18, WIDTH, SIZE), Heads(512, TASKS, 0.6))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-3, momentum=0.9)
    if way == BARE:
        return partial(_bare, model, optimizer)
    return partial(_loop, model, optimizer, _faces(BATCH * STEPS))


def _bare(model: VisualModel, optimizer: torch.optim.SGD) -> None:
    model.train()
    faces = torch.randn(BATCH, 3, SIZE, SIZE).contiguous(memory_format=torch.channels_last)
    target = torch.randint(0, 2, (BATCH, 12)).float()
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(faces)["AU"], target).backward()
        optimizer.step()


def _loop(model: VisualModel, optimizer: torch.optim.SGD, faces: Faces) -> None:
    fabric = Fabric(accelerator="cpu", devices=1)
    batches = turns(
        faces,
        sampler(faces.labels, faces.rows(TASKS), TASKS, "batch", batch=BATCH, steps=STEPS, seed=0),
        model.backbone.front_end,
        PAPER,
        seed=0,
        fabric=fabric,
    )
    loss = turn_loss(Objectives().losses())
    with tempfile.TemporaryDirectory() as state:
        fit(model, loss, batches, optimizer=optimizer, epochs=1, seed=0, state=Path(state), fabric=fabric)


def _faces(count: int) -> Faces:
    """Noise with labels, in a file that is mapped into memory and gone with the process."""
    random = np.random.default_rng(0)
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, random.integers(0, 256, (count, 112, 112, 3), dtype=np.uint8))
        file.flush()
        images = np.asarray(np.load(file.name, mmap_mode="r"))
    labels = Labels(
        random.integers(0, 2, (count, 12)).astype(np.int8),
        random.integers(0, 7, count).astype(np.int8),
        np.full((count, 2), np.nan, np.float32),
    )
    return Faces([images], np.zeros(count, int), np.arange(count), labels)


def _peak(way: str) -> float:
    """Largest resident memory of a process that does the work and nothing else, MiB."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_memory_after, way).result()


def _memory_after(way: str) -> float:
    _work(way)()
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
