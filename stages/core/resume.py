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
def resumable(stage: str, params: dict[str, Any], data: str, code: str) -> Iterator[Path]:
    """Yield the run's state folder; remove it once the block, publishing included, has succeeded."""
    folder = state_dir(stage, params, data, code)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if dist.is_available() and dist.is_initialized():
        dist.barrier()  # the first process may still be publishing
    shutil.rmtree(folder, ignore_errors=True)


def state_dir(stage: str, params: dict[str, Any], data: str, code: str) -> Path:
    """`.state/<stage>-<digest>`: another parameter, input or line of code is another run.

    `params` are JSON-able; `data` and `code` are their digests.
    """
    return ROOT / f"{stage}-{digest(params, data, code)[:16]}"


def data_digest(inputs: Iterable[Path | None]) -> str:
    """Content digest of files and folders, 16 hex digits; None is left out.

    A per-video store is known by its `keys.json`, which names the content of each of its items.
    Errors: UserError where one is missing.
    """
    paths = [path / KEYS if (path / KEYS).exists() else path for path in inputs if path]
    return digest([digest_path(path) for path in paths])[:16]


def stage_code(stage: str, *networks: str) -> str:
    """Digest of a front door and all that it imports from this project, 16 hex digits.

    `networks`: files of stages/networks that it finds by name.
    """
    named = [PROJECT / "stages" / "networks" / f"{name}.py" for name in networks]
    return code_version(PROJECT / "stages" / stage / "__main__.py", *named)[:16]
