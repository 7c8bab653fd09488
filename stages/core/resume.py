"""Where a training run keeps what it needs to go on after it was killed: outside the outs, by its inputs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch.distributed as dist

from stages.core.digests import ROOT as PROJECT
from stages.core.digests import code_version
from stages.core.store import KEYS, digest, digest_path

ROOT = Path(".state")


@contextmanager
def resumable(stage: str, params: dict[str, Any], inputs: Iterable[Path]) -> Iterator[Path]:
    """Yield the run's state folder; remove it once the block, publishing included, has succeeded."""
    folder = state_dir(stage, params, inputs)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if dist.is_available() and dist.is_initialized():
        dist.barrier()  # the first process may still be publishing
    shutil.rmtree(folder, ignore_errors=True)


def state_dir(stage: str, params: dict[str, Any], inputs: Iterable[Path]) -> Path:
    """`.state/<stage>-<digest>`: another parameter, input or line of code is another run.

    `stage` is the front door's name, `params` are JSON-able.
    """
    key = digest(params, data_digest(inputs), stage_code(stage))
    return ROOT / f"{stage}-{key[:16]}"


def data_digest(inputs: Iterable[Path]) -> str:
    """Content digest of files and folders, 16 hex digits.

    A per-video store is known by its `keys.json`, which names the content of each of its items.
    Errors: UserError where one is missing.
    """
    paths = [path / KEYS if (path / KEYS).exists() else path for path in inputs]
    return digest([digest_path(path) for path in paths])[:16]


def stage_code(stage: str) -> str:
    """Digest of a front door and all that it imports from this project, 16 hex digits."""
    return code_version(PROJECT / "stages" / stage / "__main__.py")[:16]
