"""What every front door needs of the machine: seeds, threads, device, logging, safe writes, exit codes."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from stages.core.errors import UserError
from stages.core.refusals import refusal

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h of glibc
EXAMPLES = {"system": "jin2021", "run": "jin2021-visual", "backbone": "iresnet"}
log = Console(stderr=True, highlight=False, soft_wrap=True)


def main(run: Callable[[], None]) -> None:
    """Run a front door; a `UserError`, or what the machine refuses, is one sentence on stderr and exit code 2."""
    try:
        run()
    except Exception as error:
        told = str(error) if isinstance(error, UserError) else refusal(error)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        raise SystemExit(2) from None


def argument(name: str) -> str:
    """The one word that the command line of a front door takes, e.g. the system."""
    return arguments(name)[0]


def arguments(*names: str) -> list[str]:
    """The words that the command line of a front door takes, e.g. the run."""
    if len(sys.argv) != 1 + len(names):
        front_door = f"python -m stages.{Path(sys.argv[0]).parent.name}"
        example = " ".join([front_door, *(EXAMPLES[name] for name in names)])
        count = "one word" if len(names) == 1 else f"{len(names)} words"
        raise UserError(f"{front_door} takes {count}, the {' and the '.join(names)}, e.g. `{example}`")
    return sys.argv[1:]


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and, if it is in use, torch."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that draw from the global state
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def setup_torch(threads: int, seed: int) -> None:
    """Same code, params and data give the same bytes: deterministic kernels, `threads` threads, seeds."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    _keep_buffers()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # By default it fills every new tensor, a tenth of a step; nothing here reads what it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    seed_all(seed)


def start(threads: int, seed: int) -> Fabric:
    """What a training stage begins with: torch set up, and the machine's devices, all processes there."""
    setup_torch(threads, seed)
    machine = fabric()
    machine.launch()
    return machine


def _keep_buffers() -> None:
    """Have glibc keep large buffers: mapping activations anew at every step took a quarter of it on a CPU."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def fabric() -> Fabric:
    """Lightning Fabric on what the machine has; devices, nodes and precision come from the environment.

    ACCELERATOR, DEVICES, NUM_NODES, STRATEGY and PRECISION override the choice (e.g. `PRECISION=bf16-mixed`).
    Under torchrun a node has as many devices as processes, CPUs too, of which Lightning sees one.
    Under torchrun or srun a batch may leave heads out: DDP has to look for parameters without gradients.
    """
    from lightning_fabric import Fabric

    env = os.environ
    launched = "WORLD_SIZE" in env
    return Fabric(
        accelerator=env.get("ACCELERATOR", "auto"),
        devices=env.get("DEVICES", env.get("LOCAL_WORLD_SIZE", "auto") if launched else "1"),
        strategy=env.get("STRATEGY", "ddp_find_unused_parameters_true" if launched else "auto"),
        num_nodes=int(env.get("NUM_NODES", "1")),
        precision=env.get("PRECISION", "32-true"),  # type: ignore[arg-type]
    )


def device() -> torch.device:
    """The device of a stage that runs in one process: ACCELERATOR, else the best there is."""
    import torch

    wanted = os.environ.get("ACCELERATOR", "auto")
    if wanted in ("auto", "cuda", "gpu") and torch.cuda.is_available():
        return torch.device("cuda")
    if wanted in ("auto", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def workers() -> int:
    """Processes for per-video work: WORKERS, else the cores this process may use."""
    if "WORKERS" in os.environ:
        return max(1, int(os.environ["WORKERS"]))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def micro_batch() -> int | None:
    """Samples (images, clips or windows) of a step that a device holds at once: MICRO_BATCH, else all.

    Errors: UserError where it is no whole number from 2 up: batch norm cannot train on one.
    """
    told = os.environ.get("MICRO_BATCH")
    if not told:
        return None
    if not told.isdecimal() or int(told) < 2:
        raise UserError(f"MICRO_BATCH={told}: is no whole number from 2 up; set it to samples a device holds")
    return int(told)


def readers() -> int:
    """Threads that prepare batches beside a training or a prediction: one for each core but one, four at most."""
    return min(workers() - 1, 4)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`; rename it into place on success, remove it on failure.

    Never writes into an existing file: DVC's cache may be hard-linked to it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def link(source: str | Path, target: str | Path) -> None:
    """The same file under another name; a copy where the file system has no links from one to the other."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def atomic_dir(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; on success it takes the place of `path` whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
        shutil.rmtree(path, ignore_errors=True)
        beside.replace(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
