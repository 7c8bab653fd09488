"""Whether a device computes what the CPU does: predictions of the same weights, gradients of the same batch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor

from repro.check import environment
from repro.gpu.lessons import held_out, params_of, runs, step_of
from stages.core.card import kind_of, read_card
from stages.core.params import Values, read_params
from stages.core.paths import MODELS, PREDICTIONS
from stages.core.runtime import seed_all
from stages.training.trained import Models

EXACT = {"dropout": 0.0, "encoder_dropout": 0.0, "label_smoothing": "none"}  # nothing is drawn on the device
SHARED = "sequence@fan2021-gru"  # neither dropout nor batch norm: two processes take the steps of one
KEYS = ["trial", "frame"]


def predictions(device: torch.device) -> dict[str, float]:
    """Largest difference of an output from what the pipeline has left, as a share of the outputs' range, by step."""
    with TemporaryDirectory() as scratch:
        footage = held_out(device, Path(scratch))
        return {
            f"{folder.parent.name}/{folder.name}": _difference(*_both(folder, footage))
            for folder in _trained(read_params())
        }


def _trained(values: Values) -> list[Path]:
    steps = [params_of(values, stage) for stage in runs(values)]
    return [MODELS / step.system / step.step for step in steps]


def _both(folder: Path, footage: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of the chosen checkpoint: kept, and computed here."""
    models: Models = footage.models  # type: ignore[attr-defined]
    model, card = models.load(folder)
    kept = pd.read_parquet(PREDICTIONS / folder.relative_to(MODELS) / f"{card.chosen}.parquet")
    return kept, kind_of(card).predict(model, card, footage)


def _difference(kept: pd.DataFrame, found: pd.DataFrame) -> float:
    """Infinite where the frames are others."""
    if not kept[KEYS].equals(found[KEYS]):
        return float("inf")
    a, b = (table.drop(columns=KEYS).dropna(axis=1, how="all").to_numpy(float) for table in (kept, found))
    return float(np.abs(a - b).max() / np.ptp(a))


def gradients(accelerator: str, precision: str) -> dict[str, tuple[float, float]]:
    """Of the first step of every run: difference of the loss and of the gradient from the CPU's in fp32.

    As shares of the CPU's: |Δ loss| / loss, ‖Δ gradient‖ / ‖gradient‖. On the CPU in "64-true": how exact its own is.
    """
    values = read_params()
    return {stage: _apart(values, stage, accelerator, precision) for stage in runs(values)}


def _apart(values: Values, stage: str, accelerator: str, precision: str) -> tuple[float, float]:
    loss, gradient = first_step(values, stage, "cpu", "32-true")
    other, moved = first_step(values, stage, accelerator, precision)
    return abs(other - loss) / abs(loss), float((moved - gradient).norm() / gradient.norm())


def first_step(values: Values, stage: str, accelerator: str, precision: str) -> tuple[float, Tensor]:
    """Loss and gradient [parameters] of a run's first batch, which is made on the CPU."""
    with TemporaryDirectory() as scratch:
        cpu = Fabric(accelerator="cpu", devices=1)
        seed_all(values["seed"])
        step = step_of(values, stage, cpu, Path(scratch), **EXACT)
        batch = next(iter(step.batches(1)))
    fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)  # type: ignore[arg-type]
    model, _ = fabric.setup(step.model, step.recipe.build(step.model)[0])
    model.train()
    loss = step.loss(model, fabric.to_device(batch))["loss"]
    fabric.backward(loss)
    parts = [tensor.grad for tensor in model.parameters() if tensor.grad is not None]
    return float(loss.detach()), torch.cat([part.double().flatten().cpu() for part in parts])


def processes(run: Path, folder: Path, accelerator: str) -> float:
    """Difference, as of `predictions`, between a training in two processes and that of one which `run` holds."""
    shutil.copytree(run, folder, symlinks=True)
    verb, name = SHARED.split("@")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    settings = {**environment(), "ACCELERATOR": accelerator, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-m", f"stages.{verb}", name], cwd=folder, env=settings, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}\ntwo processes failed in {folder}")
    step = params_of(read_params(run / "params.yaml"), SHARED)
    place = Path(step.system, step.step)
    chosen = read_card(run / MODELS / place).chosen
    kept, found = (
        pd.read_parquet(root / PREDICTIONS / place / f"{chosen}.parquet") for root in (run, folder)
    )
    return _difference(kept, found)
