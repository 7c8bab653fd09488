"""Systems of random weights on disk, and films of one real face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from stages.clips.cutting import Shape
from stages.core.card import kind_named, save_card, save_model, save_weights
from stages.landmarks.landmarker import Landmarker
from stages.landmarks.schemes import JD106
from stages.media.extract import Search
from stages.networks.hrnet import landmark_hrnet
from tests.cards import landmark_card

TASKS = ["AU", "EXPR", "VA"]
NETWORK = {"kind": "iresnet", "depth": 18, "width": 0.25, "input_size": 32}
SHAPE: dict[str, Any] = {
    "project": None, "layers": 1, "attention_heads": 2, "feed_forward": 32, "positions": "none", "features": 32,
    "pre_norm": False, "features_norm": False, "relu": False,
}  # fmt: skip
CARDS: dict[str, dict[str, Any]] = {
    "visual": {"kind": "finetune", "network": NETWORK, "neck": "plain", "parts": {}, "hidden": None},
    "audio": {
        "kind": "audio", "reads": "models/tiny/visual", "embedded": None, "visual": 512, "features": 32,
        "window": 30, "predict_stride": 10, "steps": 100, "front_end": "jin2021",
    },
    "sequence": {
        "kind": "sequence", "sees": "models/tiny/visual", "embedded": None, "visual": 512,
        "hears": "models/tiny/audio", "audio": 32, "front_end": "jin2021", "encoder": "transformer",
        "shape": SHAPE, "window": 30, "predict_stride": 10,
    },
    "clips": {
        "kind": "clips", "width": 0.25, "mask": "filled", "scheme": None, "front_end": "wang2021",
        "predict_stride": 1, "clip": Shape(frames=2, dilation=3, size=32, rows=101, steps=50),
    },
}  # fmt: skip
SEARCH = Search(detect_every=1)


def save_step(models: Path, system: str, step: str, tasks: list[str] = TASKS) -> None:
    """One epoch of random weights."""
    kind = kind_named(CARDS[step]["kind"])
    own = {"system": system, "step": step, "tasks": tasks, "params": {}, "data": "", "code": ""}
    card = kind.Card(**CARDS[step], **own, chosen="epoch_01")
    save_card(models / system / step, card)
    save_weights(models / system / step / "epoch_01.safetensors", kind.build(card).state_dict())


def save_system(models: Path, system: str, steps: dict[str, str], widths: dict[str, int]) -> None:
    """Which step each unit comes from."""
    source = {"system": system, "checkpoint": "epoch_01", "weight": 1.0}
    selection = {unit: [{**source, "step": steps[unit]}] for unit in steps}
    write(models / system / "system.json", {"selection": selection, "widths": widths})


def save_landmarks(models: Path) -> None:
    landmarker = Landmarker(landmark_hrnet(JD106.points, 4), JD106, 64, "quarter")
    save_model(models / "landmarks", landmarker.model.state_dict(), landmark_card(landmarker))


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def astronaut(height: int = 240) -> np.ndarray:
    """A real face that ships with scikit-image, RGB."""
    from skimage.data import astronaut as picture

    return cv2.resize(picture(), (height, height), interpolation=cv2.INTER_AREA)


def film(path: Path, frames: list[np.ndarray], rate: int = 25, codec: str = "libx264") -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options={"g": "5"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path
