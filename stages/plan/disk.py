"""What the artifacts take on disk, and what DVC keeps of them once more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from stages.core.paths import (
    EMBEDDINGS,
    EXTRA,
    FRAMES,
    INDEX_FOLDER,
    LANDMARKS,
    MASKS,
    MELS,
    MODELS,
    PREDICTIONS,
)
from stages.landmarks.schemes import scheme
from stages.mel.spectrogram import FRONT_ENDS
from stages.params.places import in_force, stages
from stages.plan.counts import Counts
from stages.plan.outline import DRAWN, Made, Outline
from stages.training.samples.mels import MELS as BANDS
from stages.training.samples.still_sets import SIZE

FACE = SIZE * SIZE  # bytes of a mask; a crop has three of them
INDEX_ROW, PREDICTION_ROW = (
    6,
    104,
)  # bytes of Parquet a frame, of the demo's tables; predictions of all three tasks
STILLS = Path("data/stills")
CONFIGS = (Path(".dvc/config"), Path(".dvc/config.local"))


def artifacts(
    values: Mapping[str, Any], counts: Counts, made: Made, trained: Collection[Outline]
) -> dict[str, float]:
    """Bytes of each artifact of the pipeline, at most: every labelled frame is taken to have a face."""
    found = {
        INDEX_FOLDER: INDEX_ROW * counts.frames,
        FRAMES: 3 * FACE * counts.frames,
        STILLS: 3 * FACE * made.drawn(),
        EXTRA: 3 * FACE * extra_images(values["extra"], made),
        LANDMARKS: 8 * scheme(in_force(values, "landmarks")["scheme"]).points * counts.frames,
        MASKS: FACE * counts.frames * len(in_force(values, "masks")["modes"]),
        MELS: sum(mel_bytes(name, counts.seconds) for name in in_force(values, "mel")["front_ends"]),
        EMBEDDINGS: sum(2 * made.features[model] * counts.frames for model in embedded(values)),
        MODELS: sum(kept(outline) for outline in trained),
        PREDICTIONS: sum(PREDICTION_ROW * rows(outline, counts) for outline in trained),
    }
    return {f"{path}": float(size) for path, size in found.items()}


def extra_images(folder: str, made: Made) -> int:
    """Images of the extra stills that may train; 0 where no table counts them."""
    counted = folder in DRAWN or (Path(folder) / "labels.parquet").is_file()
    return made.stills(folder) or 0 if counted else 0


def mel_bytes(front_end: str, seconds: float) -> float:
    """Bytes of the mels of so much sound."""
    return 4 * BANDS * seconds / FRONT_ENDS[front_end].seconds


def embedded(values: Mapping[str, Any]) -> Iterable[Path]:
    """Folders of the models whose features are kept."""
    for stage in stages(values):
        if stage.startswith("embed@"):
            run = values["runs"]["embed"][stage.partition("@")[2]]
            yield MODELS / run["system"] / run["step"]


def kept(outline: Outline) -> int:
    """Bytes of the checkpoints that a training leaves: one an epoch; of a backbone or landmark network the last."""
    published = getattr(outline.model, "teacher", outline.model)
    tensors = published.state_dict().values()
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    return weights * (outline.recipe.epochs if outline.validated else 1)


def rows(outline: Outline, counts: Counts) -> int:
    """Rows of the prediction tables that a training leaves."""
    if not outline.validated:
        return 0
    tasks = outline.recipe.model_dump()["tasks"]
    return outline.recipe.epochs * max(counts.known(task, "validation") for task in tasks)


def cache_links(configs: Iterable[Path] = CONFIGS) -> bool:
    """Whether DVC links to its cache, so that an artifact lies on disk once."""
    config = ConfigParser()
    config.read(configs)
    return "link" in config.get("cache", "type", fallback="copy")
