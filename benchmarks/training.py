"""Training steps beside the bare model on random tensors, cached features beside recomputing, peak memory."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from benchmarks.measure import Row, seconds
from stages.learning.augment import Augment
from stages.learning.data import Faces, Labels
from stages.learning.fit import fit
from stages.learning.losses import task_losses
from stages.learning.visual import turn_loss, turns
from stages.networks.audio_visual import AudioVisualModel
from stages.networks.backbones import build_backbone
from stages.networks.heads import Heads
from stages.networks.tdnn import TDNN
from stages.networks.visual import VisualModel

TASKS = ("AU", "EXPR")
PAPER = Augment(flip=0.5, crop=0.6, hue=10, saturation=0.3, lightness=0.1)  # Jin et al. 2021, 4.2
SIZES = {"published IResNet18": (1.0, 112, 16, 4), "demo's IResNet18": (0.25, 80, 64, 8)}  # batch, steps
WINDOW, WINDOWS = 30, 16  # frames of a segment, segments of a batch
LOOP, BARE = "the training loop", "the bare model"


def rows() -> list[Row]:
    """Samples a second of a training step, windows a second of the audio step, MiB of both."""
    found = [_step(name) for name in SIZES]
    found.append(_frozen())
    name = "demo's IResNet18"
    ours, theirs = (_peak(partial(_train, name, way)) for way in (LOOP, BARE))
    found.append(Row(f"peak memory, {name} (less is better)", "MiB", ours, BARE, theirs))
    return found


def _step(name: str) -> Row:
    batch, steps = SIZES[name][2:]
    ours, theirs = seconds(partial(_train, name, LOOP), partial(_train, name, BARE), repeat=3)
    samples = batch * steps
    return Row(f"training {name}", "faces/s", samples / ours, BARE, samples / theirs, "≥ 0.95 ×")


def _train(name: str, way: str) -> None:
    """A few steps of fine-tuning, by the project's loop from faces on disk, or of the model alone."""
    width, size, batch, steps = SIZES[name]
    torch.manual_seed(0)
    model = VisualModel(build_backbone("iresnet", 18, width, size), Heads(512, TASKS, 0.6))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-3, momentum=0.9)
    run = _loop if way == LOOP else _bare
    run(model, optimizer, size, batch, steps)


def _bare(model: VisualModel, optimizer: torch.optim.SGD, size: int, batch: int, steps: int) -> None:
    faces = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    target = torch.randint(0, 2, (batch, 12)).float()
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(faces)["AU"], target).backward()
        optimizer.step()


def _loop(model: VisualModel, optimizer: torch.optim.SGD, size: int, batch: int, steps: int) -> None:
    fabric = Fabric(accelerator="cpu", devices=1)
    with tempfile.TemporaryDirectory() as folder:
        faces = _faces(Path(folder), batch * steps)
        batches = turns(
            faces,
            faces.rows(TASKS),
            model.backbone.front_end,
            PAPER,
            alternation="batch",
            batch=batch,
            steps=steps,
            seed=0,
            fabric=fabric,
        )
        loss = turn_loss(task_losses())
        fit(model, loss, batches, optimizer=optimizer, epochs=1, seed=0, state=Path(folder), fabric=fabric)


def _faces(folder: Path, count: int) -> Faces:
    random = np.random.default_rng(0)
    np.save(folder / "faces.npy", random.integers(0, 256, (count, 112, 112, 3), dtype=np.uint8))
    labels = Labels(
        random.integers(0, 2, (count, 12)).astype(np.int8),
        random.integers(0, 7, count).astype(np.int8),
        np.full((count, 2), np.nan, np.float32),
    )
    images = np.asarray(np.load(folder / "faces.npy", mmap_mode="r"))
    return Faces([images], np.zeros(count, int), np.arange(count), labels)


def _frozen() -> Row:
    """The audio step over a frozen demo backbone: features from the cache, or from the frames each time."""
    torch.manual_seed(0)
    backbone = build_backbone("iresnet", 18, 0.25, 80).eval()
    model = AudioVisualModel(TDNN(), Heads(1024, TASKS))
    mel = torch.randn(WINDOWS, 200, 64)
    faces = torch.randint(0, 256, (WINDOWS * WINDOW, 112, 112, 3), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        np.save(path, np.zeros((WINDOWS * WINDOW, 512), np.float16))
        cache = np.load(path, mmap_mode="r")

        def cached() -> None:
            _audio_step(model, torch.from_numpy(cache.astype(np.float32)), mel)

        def recomputed() -> None:
            with torch.no_grad():
                features = backbone(backbone.front_end.prepare(faces))
            _audio_step(model, features, mel)

        ours, theirs = seconds(cached, recomputed, repeat=3)
    name = "audio step, features from the cache"
    return Row(name, "windows/s", WINDOWS / ours, "recomputed each epoch", WINDOWS / theirs)


def _audio_step(model: AudioVisualModel, features: Tensor, mel: Tensor) -> None:
    model.zero_grad()
    model(features.view(WINDOWS, WINDOW, -1), mel)["AU"].sum().backward()


def _peak(work: Callable[[], None]) -> float:
    """Largest resident memory of a process that does `work`, MiB."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_memory_after, work).result()


def _memory_after(work: Callable[[], None]) -> float:
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
