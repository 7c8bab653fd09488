"""What a GPU makes of this project, found on one. Run: python -m repro.gpu

    runs       the pipeline at smoke scale: on CPU, on GPU, on GPU again, on GPU in bf16; in clones, side by side
    agreement  the same weights predict the same on both; gradients of the same batch in fp32 and bf16; two processes
    published  each system's step at its published size: time, faces a second, memory, the same bytes twice

Writes docs/gpu.json and docs/gpu.md, part by part. Parts by name run these alone, on the clones that an earlier run
has left with --keep. Exit code 1 and a line for all that is off.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from repro.check import ROOT, side_by_side
from repro.compare import byte_differences, digests
from repro.gpu import agreement, published
from repro.gpu.page import machine, off, page
from stages.core.errors import UserError
from stages.core.files import write_json, write_text
from stages.core.runtime import log, main, setup_torch

CPU = "cpu"
CLONES = {
    CPU: {"ACCELERATOR": "cpu"},
    "gpu": {"ACCELERATOR": "cuda"},
    "again": {"ACCELERATOR": "cuda"},
    "bf16": {"ACCELERATOR": "cuda", "PRECISION": "bf16-mixed"},
}
TABLE, PAGE = Path("docs/gpu.json"), Path("docs/gpu.md")


def run() -> None:
    """Read the command line, run the parts, write the page; exit 1 where something is off."""
    options = parse()
    if not torch.cuda.is_available():
        raise UserError(
            "check-gpu: torch sees no GPU here; run it on a machine with one (nvidia-smi lists it)"
        )
    folder = options.keep or Path(tempfile.mkdtemp(prefix="check-gpu-"))
    setup_torch(1, 0)
    table: dict[str, Any] = {"machine": machine()}
    for name in options.parts or PARTS:
        log.print(f"check-gpu: {name}")
        table = {**_kept(), **table, name: PARTS[name](folder.resolve())}
        write_json(ROOT / TABLE, table)
        write_text(ROOT / PAGE, page(table))
    if wrong := off(table):
        print(*wrong, f"the clones are in {folder}", sep="\n", file=sys.stderr)
        raise SystemExit(1)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m repro.gpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="these parts alone (default: all)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the clones are made and stay")
    return parser.parse_args()


def runs(folder: Path) -> dict[str, Any]:
    """The pipeline on both; files that differ between two runs on the GPU; losses of the last epochs."""
    clones = side_by_side(ROOT, folder, CLONES)
    first, second = digests(clones["gpu"]), digests(clones["again"])
    curves = sorted(path.relative_to(clones[CPU]) for path in clones[CPU].glob("metrics/*/*.csv"))
    losses = {
        str(path): {name: _last_loss(clone / path) for name, clone in clones.items()} for path in curves
    }
    return {
        "files": len(first),
        "differ": byte_differences(first, second),
        "losses": {path: own for path, own in losses.items() if own[CPU] is not None},
    }


def compared(folder: Path) -> dict[str, Any]:
    """Predictions, gradients, and two processes: on GPUs where there are two, else on the CPU."""
    several = torch.cuda.device_count() > 1
    with _inside(folder / CPU):
        found = {
            "predictions": agreement.predictions(torch.device("cuda")),
            "own": agreement.gradients("cpu", "64-true"),
            "fp32": agreement.gradients("cuda", published.FP32),
            "bf16": agreement.gradients("cuda", published.BF16),
        }
    one, accelerator = (folder / "gpu", "cuda") if several else (folder / CPU, "cpu")
    apart = agreement.processes(one, folder / "processes", accelerator)
    return {**found, "processes": {"on": accelerator, "apart": apart}}


def steps(folder: Path) -> list[published.Row]:
    """A row a step of published size."""
    shutil.copytree(folder / CPU, folder / "published", symlinks=True)
    found = []
    with _inside(folder / "published"):
        for row in published.rows():
            log.print(json.dumps(row))
            found.append(row)
    return found


PARTS: dict[str, Callable[[Path], Any]] = {"runs": runs, "agreement": compared, "published": steps}


def _kept() -> dict[str, Any]:
    return json.loads((ROOT / TABLE).read_text()) if (ROOT / TABLE).exists() else {}


def _last_loss(curve: Path) -> float | None:
    table = pd.read_csv(curve)
    return round(float(table["loss"].iloc[-1]), 4) if "loss" in table else None


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    main(run)
