"""Features of a frozen visual model for every face, computed once.

Run: python -m stages.embed RUN, of section `runs.embed` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stages.core.card import kind_of
from stages.core.digests import code_version
from stages.core.params import Strict, block_of, load, read_params
from stages.core.paths import EMBEDDINGS, FRAMES, MODELS
from stages.core.runtime import argument, device, main, setup_torch
from stages.core.store import Note, digest_path, fill, read_keys
from stages.training.samples.faces import open_array
from stages.training.trained import Models


class Params(Strict):
    """Section `<system>.embed` of params.yaml and the run's entry in `runs.embed`."""

    system: str
    step: str
    seed: int
    threads: int
    checkpoint: str | None
    batch: int


def run() -> None:
    """Read params, embed the faces of all trials."""
    name = argument("run")
    embed(load(Params, block_of(read_params(), "embed", name), f"runs.embed.{name}"))


def embed(params: Params) -> None:
    """Fill the store data/embeddings/<system>/<step> with `<trial>.npy`, float16 [N, features], rows as of faces."""
    setup_torch(params.threads, params.seed)
    folder = MODELS / params.system / params.step
    model, card = Models(MODELS, device()).load(folder, params.checkpoint)
    checkpoint = params.checkpoint or card.chosen

    def make(trial: str, out: Path) -> Note:
        images = open_array(FRAMES / f"{trial}.npy")
        np.save(out / f"{trial}.npy", kind_of(card).embed(model, images, params.batch))
        return {"checkpoint": checkpoint}

    weights = digest_path(folder / f"{checkpoint}.safetensors")
    # One process: it has all the threads, or the accelerator.
    fill(
        EMBEDDINGS / params.system / params.step,
        read_keys(FRAMES),
        make,
        params={"checkpoint": checkpoint, "weights": weights, "threads": params.threads},
        code=code_version(kind_of(card).__file__ or "") + card.code,
        jobs=1,
    )


if __name__ == "__main__":
    main(run)
