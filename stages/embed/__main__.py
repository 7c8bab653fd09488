"""Features of a system's frozen visual model for every face, computed once.

Run: python -m stages.embed SYSTEM
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stages.core.digests import code_version
from stages.core.params import Strict, load
from stages.core.runtime import argument, main, setup_torch
from stages.core.runtime import fabric as make_fabric
from stages.core.store import Note, digest_path, fill, read_keys
from stages.training import visual
from stages.training.samples.faces import open_array
from stages.training.trained import load_trained

FRAMES = Path("data/frames")


class Params(Strict):
    """Section `<system>.embed` of params.yaml."""

    seed: int
    threads: int
    checkpoint: str | None
    batch: int


def run() -> None:
    """Read params, embed the faces of all trials."""
    system = argument("system")
    params = load(Params, f"{system}.embed")
    embed(Path("models", system, "visual"), Path("data/embeddings", system), params)


def embed(model_folder: Path, out: Path, params: Params) -> None:
    """Fill the store `out` with `<trial>.npy`, float16 [N, features], rows as in the store of faces."""
    setup_torch(params.threads, params.seed)
    model, card = load_trained(model_folder, visual.visual_model, params.checkpoint)
    checkpoint = params.checkpoint or card["chosen"]
    model.to(make_fabric().device)

    def make(trial: str, folder: Path) -> Note:
        images = open_array(FRAMES / f"{trial}.npy")
        np.save(folder / f"{trial}.npy", visual.embed_images(model, images, params.batch))
        return {"checkpoint": checkpoint}

    weights = digest_path(model_folder / f"{checkpoint}.safetensors")
    # One process: it has all the threads, or the accelerator.
    fill(
        out,
        read_keys(FRAMES),
        make,
        params={"checkpoint": checkpoint, "weights": weights, "threads": params.threads},
        code=code_version(visual.__file__),
        jobs=1,
    )


if __name__ == "__main__":
    main(run)
