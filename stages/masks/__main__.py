"""Stage `masks`: landmarks of every face by HRNet, and masks drawn from them, an array a trial and mode."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from stages.core.digests import code_version
from stages.core.errors import UserError
from stages.core.files import write_json
from stages.core.mapped import new_array
from stages.core.params import Strict, load
from stages.core.paths import FRAMES, LANDMARKER, LANDMARKS, MASKS, METRICS
from stages.core.pictures import mask_montage, spread, write_png
from stages.core.runtime import device, log, main, setup_torch
from stages.core.store import Note, digest_path, fill, read_keys
from stages.landmarks import landmarker as landmark_code
from stages.landmarks.landmarker import Landmarker, find_landmarks, load_landmarker
from stages.landmarks.schemes import Scheme, convert, scheme
from stages.masks import drawing
from stages.masks.drawing import Mode, draw_masks

PICTURE = METRICS / "masks.png"
BLOCK = 1024  # masks in memory at once: 13 MB
SHOWN = 8  # faces in the picture


class Params(Strict):
    """Section `masks` of params.yaml, with the top-level `seed` and `threads`."""

    modes: list[Mode]
    scheme: str | None
    batch: int
    seed: int
    threads: int


def run() -> None:
    build_masks(load(Params, "masks"))


def build_masks(params: Params, root: Path = Path()) -> None:
    """Bring landmarks and masks under `root` up to date; rows as in data/frames.

    data/landmarks/<trial>.npy: float32 [N, P, 2] in the network's scheme;
    data/masks/<mode>/<trial>.npy: uint8 [N, 112, 112]. No face, no row.
    Errors: UserError where frames or model are missing, or the scheme cannot be had from the network's.
    """
    setup_torch(params.threads, params.seed)
    landmarker = load_landmarker(root / LANDMARKER)
    names = landmarker.scheme if params.scheme is None else scheme(params.scheme)
    convert(np.zeros((0, landmarker.scheme.points, 2), np.float32), landmarker.scheme, names)
    trials = read_keys(root / FRAMES)
    if not trials:
        raise UserError(f"{root / FRAMES}: holds no trial; run the stage frames again")
    faces = _find(root, landmarker, trials, params)
    for mode in params.modes:
        _draw(root, mode, landmarker.scheme, names)
    _clear(root / MASKS, params.modes)
    write_json(
        root / METRICS / "masks.json",
        {"trials": len(faces), "faces": sum(faces.values()), "scheme": names.name},
    )
    _show(root, [name for name in sorted(faces) if faces[name]], params.modes)
    log.print(f"landmarks of {sum(faces.values())} faces; masks: {', '.join(params.modes)}")


def _find(root: Path, landmarker: Landmarker, trials: Mapping[str, str], params: Params) -> dict[str, int]:
    """Landmarks of all trials; the number of faces of each."""
    landmarker.model.to(device())

    def make(trial: str, folder: Path) -> Note:
        images = np.load(root / FRAMES / f"{trial}.npy", mmap_mode="r")
        np.save(folder / f"{trial}.npy", find_landmarks(landmarker, images, params.batch))
        return {"faces": len(images), "scheme": landmarker.scheme.name}

    # One process: it has all the threads, or the accelerator.
    notes = fill(
        root / LANDMARKS,
        trials,
        make,
        params={"model": digest_path(root / LANDMARKER), "batch": params.batch, "threads": params.threads},
        code=code_version(landmark_code.__file__),
        jobs=1,
    )
    return {trial: int(note["faces"]) for trial, note in notes.items()}


def _draw(root: Path, mode: Mode, source: Scheme, names: Scheme) -> None:
    """Masks of all trials in one mode."""

    def make(trial: str, folder: Path) -> Note:
        points = convert(np.load(root / LANDMARKS / f"{trial}.npy"), source, names)
        masks = new_array(folder / f"{trial}.npy", np.uint8, (len(points), drawing.SIZE, drawing.SIZE))
        for start in range(0, len(points), BLOCK):
            masks[start : start + BLOCK] = draw_masks(points[start : start + BLOCK], names, mode)
        masks.flush()
        return {"mode": mode, "scheme": names.name}

    fill(
        root / MASKS / mode,
        read_keys(root / LANDMARKS),
        make,
        params={"mode": mode, "scheme": names.name},
        code=code_version(drawing.__file__),
        jobs=1,  # drawing is faster than starting processes
    )


def _clear(folder: Path, modes: Sequence[str]) -> None:
    """Remove what earlier parameters left behind."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in modes:
            shutil.rmtree(path)


def _show(root: Path, trials: Sequence[str], modes: Sequence[Mode]) -> None:
    """The middle face of some trials, its landmarks and its masks."""
    if not trials:
        write_png(root / PICTURE, np.zeros((drawing.SIZE, drawing.SIZE, 3), np.uint8))
        return
    chosen = [trials[index] for index in spread(len(trials), SHOWN)]

    def middles(folder: Path) -> np.ndarray:
        arrays = [np.load(root / folder / f"{trial}.npy", mmap_mode="r") for trial in chosen]
        return np.stack([array[len(array) // 2] for array in arrays])

    masks = [middles(MASKS / mode) for mode in modes]
    write_png(root / PICTURE, mask_montage(middles(FRAMES), middles(LANDMARKS), *masks))


if __name__ == "__main__":
    main(run)
