"""Write a trained system's networks as ONNX files, with a model card.

    python -m stages.export SYSTEM --out DIR

DIR/<step>.onnx for each visual and clip network, pixels in, probabilities out; DIR/README.md, the card. Every file
is run by onnxruntime beside the original on frames of the corpus; one that differs is not written. Networks that
read other networks' features (audio, sequence) have no file of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from stages.core.card import ModelCard, read_card
from stages.core.errors import UserError
from stages.core.params import read_params
from stages.core.paths import INDEX, MODELS
from stages.core.runtime import atomic_path, log, main
from stages.export.onnx_file import largest_difference, run_onnx, write_onnx
from stages.export.page import File, page
from stages.export.portable import exporter, portable
from stages.training.footage import Footage, read_split
from stages.training.trained import Models

FRAMES = 16  # that a file is tried on
TOLERANCE = 1e-3  # of a probability


def run() -> None:
    """Read the command line, write files and card."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.export", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("system", metavar="SYSTEM", help="a system that the pipeline has trained")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    options = parser.parse_args()
    export(options.system, options.out, str(read_params()["corpus"]))


def export(system: str, out: Path, corpus: str, models: Path = MODELS) -> list[File]:
    """Write what a system has. Errors: UserError where it is not trained, or a file differs from its original."""
    steps = [step for step in trained_steps(models / system) if exporter(read_card(step))]
    if not steps:
        raise UserError(
            f"{models / system}: holds no visual or clip network; run `dvc repro evaluate@{system}` first"
        )
    with TemporaryDirectory() as folder:
        loaded = Models(models, torch.device("cpu"))
        footage = read_split(pd.read_parquet(INDEX), "validation", loaded, Path(folder))
        out.mkdir(parents=True, exist_ok=True)
        files = [write(step, out, loaded, footage) for step in steps]
    with atomic_path(out / "README.md") as beside:
        beside.write_text(page(system, files, corpus), encoding="utf-8")
    return files


def trained_steps(folder: Path) -> Iterator[Path]:
    """Folders of a system's trained networks, by name."""
    yield from sorted(path.parent for path in folder.glob("*/card.json"))


def write(step: Path, out: Path, models: Models, footage: Footage) -> File:
    """Write a network's file and try it. Errors: UserError where it differs from the original."""
    model, card = models.load(step)
    exported = portable(model, card)
    assert exported is not None
    path = out / f"{card.step}.onnx"
    inputs = exporter(card).samples(card, footage, FRAMES)  # type: ignore[union-attr]
    with TemporaryDirectory(dir=out) as folder:
        trial = Path(folder) / path.name
        write_onnx(exported, trial)
        difference = compare(trial, model, card, inputs)
        trial.replace(path)
    log.print(f"{path}: {', '.join(exported.tasks)}; differs from the original by at most {difference:.1e}")
    return File(path, exported, card, difference, FRAMES)


def compare(path: Path, model: Any, card: ModelCard, inputs: dict[str, NDArray[Any]]) -> float:
    """The largest difference of a probability. Errors: UserError above the tolerance."""
    tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in inputs.items()}
    wanted = exporter(card).original(model, card, tensors)  # type: ignore[union-attr]
    difference = largest_difference(run_onnx(path, inputs), wanted)
    if difference > TOLERANCE:
        raise UserError(
            f"{path.name}: differs by {difference:.1e} from the model in torch; nothing was written of it"
        )
    return difference


if __name__ == "__main__":
    main(run)
