"""Where the stages find each other's work, from the project's root."""

from __future__ import annotations

from pathlib import Path

INDEX_FOLDER = Path("data/index")
INDEX = INDEX_FOLDER / "frames.parquet"
FRAMES = Path("data/frames")
LANDMARKS = Path("data/landmarks")
MASKS = Path("data/masks")
MELS = Path("data/mel")
EXTRA = Path("data/extra")
EMBEDDINGS = Path("data/embeddings")
PREDICTIONS = Path("data/predictions")
ENSEMBLES = Path("data/ensemble")
SMOOTHED = Path("data/smooth")
SCORES = Path("data/scores")
VALUES = Path("data/values")
DEPARTURES = VALUES / "departures.json"
DRAWN = VALUES / "drawn.json"
MODELS = Path("models")
PRETRAINED = MODELS / "pretrain"
LANDMARKER = MODELS / "landmarks"
COMBINED = MODELS / "combined"
METRICS = Path("metrics")
