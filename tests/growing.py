"""A corpus of videos that come and go, and the per-video stages over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import stages.embed.__main__ as embed
import stages.frames.__main__ as frames
import stages.masks.__main__ as masks
import stages.mel.__main__ as mel
from stages.core import store
from stages.core.card import save_model
from stages.core.store import Note
from stages.index.__main__ import Params as IndexParams
from stages.index.__main__ import build_index
from stages.landmarks.landmarker import Landmarker
from stages.landmarks.schemes import JD106
from stages.networks.hrnet import landmark_hrnet
from tests.cards import landmark_card
from tests.index.trees import Tree, au
from tests.media.videos import astronaut, moving
from tests.mel.sounds import sine, write_clip
from tests.predict.saved import save_step

CORPUS, MODELS = Path("corpus"), Path("models")
STORES = ("frames", "mel/jin2021", "landmarks", "masks/filled", "embeddings/tiny/visual")  # below data/
LENGTH = 4  # frames of a video
SETTINGS: dict[str, Any] = {"smooth": 0.8, "batch": 2, "front_ends": ["jin2021"]}
FIXED: dict[str, Any] = {
    "detector": "mtcnn", "detector_pack": None, "detect_every": 2, "detect_height": 120, "max_frames": None,
}  # fmt: skip
Made = dict[str, list[str]]  # store → items that were made


def put_video(name: str, pitch: float, step: float, split: str = "train") -> None:
    """A film of a face that moves by `step` pixels a frame, with a tone, and its annotations, in this folder."""
    tree = Tree(CORPUS)
    tree.labels("AU", split, name, [au(0, 6)] * LENGTH)
    (CORPUS / "batch1").mkdir(exist_ok=True)
    pictures = moving(astronaut(160, 120), LENGTH, step)
    write_clip(CORPUS / f"batch1/{name}.mkv", [sine(pitch)], pictures=pictures)


def remove_video(name: str) -> None:
    """A film and its annotations leave."""
    for path in [*CORPUS.rglob(f"{name}.*")]:
        path.unlink()


def put_models() -> None:
    """Small networks of random weights, the same every time, in this folder."""
    torch.manual_seed(0)
    save_step(MODELS, "tiny", "visual")
    landmarker = Landmarker(landmark_hrnet(106, 2).eval(), JD106, 64, "parabola")
    save_model(MODELS / "landmarks", landmarker.model.state_dict(), landmark_card(landmarker))


def work(settings: dict[str, Any]) -> dict[str, Callable[[], None]]:
    """What each stage does in this folder, by its name."""
    told = {"corpus": CORPUS, "on_error": "fail"}
    torchy = {"seed": 1, "threads": 1, "batch": settings["batch"]}
    index = {"edition": "auto", "source": "auto", "cross_task": "train", "partial_au": "drop"}
    return {
        "index": lambda: build_index(IndexParams(**told, **index)),
        "frames": lambda: frames.build_frames(frames.Params(**told, **FIXED, smooth=settings["smooth"])),
        "mel": lambda: mel.build_mels(mel.Params(**told, front_ends=settings["front_ends"])),
        "masks": lambda: masks.build_masks(masks.Params(**torchy, modes=["filled"], scheme=None)),
        "embed": lambda: embed.embed(embed.Params(**torchy, system="tiny", step="visual", checkpoint=None)),
    }


def watch(patch: pytest.MonkeyPatch, made: Made) -> None:
    """Write down which items the stores make from here on."""

    def fill(folder: Path, sources: Any, make: store.Make, **options: Any) -> dict[str, Note]:
        def told(name: str, out: Path) -> Note | None:
            made.setdefault(folder.relative_to("data").as_posix(), []).append(name)
            return make(name, out)

        return store.fill(folder, sources, told, **options)

    modules: tuple[ModuleType, ...] = (frames, mel, masks, embed)
    for module in modules:
        patch.setattr(module, "fill", fill)
