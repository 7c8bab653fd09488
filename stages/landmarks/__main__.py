"""Stage `landmarks`: HRNet, trained on stills with landmarks or loaded, tried on people held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from lightning_fabric import Fabric
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, field_validator
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from stages.core.card import save_model
from stages.core.errors import UserError
from stages.core.files import write_csv, write_json
from stages.core.params import load_training
from stages.core.paths import LANDMARKER, METRICS
from stages.core.pictures import landmark_montage, spread, write_png
from stages.core.resume import data_digest, resumable, stage_code
from stages.core.runtime import atomic_dir, log, main, start
from stages.core.stand_ins import is_undrawn
from stages.landmarks.batches import Batch, Variation, landmark_batches
from stages.landmarks.heatmaps import Refinement, gaussian_heatmaps
from stages.landmarks.landmarker import (
    Images,
    LandmarkCard,
    Landmarker,
    Points,
    describe,
    find_landmarks,
    nme,
    summarise,
)
from stages.landmarks.schemes import JD106, SCHEMES, Scheme, scheme
from stages.networks.common.weights import load_weights, read_weights
from stages.networks.hrnet import INPUT_SIZE, STRIDE, LandmarkHRNet, landmark_hrnet
from stages.training.fit import History
from stages.training.recipe import Recipe
from stages.training.samples.augment import Augment
from stages.training.samples.still_sets import read_stills
from stages.training.train import train

SHOWN = 12  # faces in the picture
CURVE = ["epoch", "lr", "loss", "nme"]
HEAD = "head.3.bias"  # of the published networks: one number a point


class Params(Recipe):
    """Section `landmarks` of params.yaml, with the top-level `seed` and `threads`."""

    stills: Path
    weights: Path | None
    scheme: str
    width: int = Field(ge=2)
    modules: tuple[PositiveInt, PositiveInt, PositiveInt]
    blocks: PositiveInt
    input_size: int = Field(ge=64, multiple_of=32)
    sigma: float = Field(gt=0)
    refinement: Refinement
    rotation: float = Field(ge=0)
    scaling: float = Field(ge=0, lt=1)
    augment: Augment

    @field_validator("augment")
    @classmethod
    def _points_stay(cls, augment: Augment) -> Augment:
        if augment != replace(augment, flip=0.0, crop=1.0, rotate=0.0):
            raise ValueError("flip, crop and rotate would leave the points behind; set rotation and scaling")
        return augment


class Faces(NamedTuple):
    """Images uint8 [N, 112, 112, 3], points [N, 106, 2], and which rows train and which are held out."""

    images: Images
    points: Points
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


NOBODY = Faces(
    np.zeros((0, 112, 112, 3), np.uint8), np.zeros((0, 106, 2), np.float32), *np.zeros((2, 0), np.int64)
)


def build_landmarks(params: Params, out: Path = LANDMARKER, metrics: Path = METRICS) -> None:
    """Write the model folder `out` and landmarks.json, .csv (the training curve) and .png to `metrics`.

    Published weights are measured on the stills, where those are drawn.
    Errors: UserError for a still set without points or held-out people, and weights that do not fit.
    """
    machine = start(params.threads, params.seed)
    unmeasured = params.weights and is_undrawn(params.stills)
    faces = NOBODY if unmeasured else _faces(params.stills)
    published = read_weights(params.weights) if params.weights else None
    landmarker = _landmarker(params, published)
    settings = params.model_dump(mode="json")
    inputs = [None if unmeasured else params.stills, params.weights]
    data, code = data_digest(inputs), stage_code("landmarks")
    with resumable("landmarks", settings, data, code) as state:
        if published:
            weights, history = _import(landmarker.model, published, params, machine), []
        else:
            weights, history = None, _train(landmarker, faces, params, state, machine)
        if machine.is_global_zero:
            scores = _report(landmarker, faces, history, metrics)
            card = LandmarkCard(
                network=describe(landmarker),
                weights=weights,
                params=settings,
                data=data,
                code=code,
                scores=scores,
            )
            with atomic_dir(out) as folder:
                save_model(folder, landmarker.model.state_dict(), card)


def _faces(folder: Path) -> Faces:
    stills = read_stills(folder)
    if stills.points is None or not isinstance(stills.images, np.ndarray):
        raise UserError(f"{folder / 'points.npy'}: missing; a landmark set has images.npy and points.npy")
    train, held_out = stills.rows("train"), stills.rows("validation")
    for split, rows in (("train", train), ("validation", held_out)):
        if not len(rows):
            raise UserError(f"{folder / 'labels.parquet'}: split {split} is empty; add images to it")
    return Faces(stills.images, stills.points, train, held_out)


def _landmarker(params: Params, published: dict[str, Tensor] | None) -> Landmarker:
    """A fresh network. What is trained here knows the 106 points of the stills, in their order."""
    chosen = scheme(params.scheme)
    if published is None and chosen is not JD106:
        raise UserError(
            f"params.yaml, key landmarks.scheme: the landmark stills are in jd106, not {chosen.name}; "
            "set jd106, or name weights in that scheme"
        )
    # Published weights keep their published size and points at every scale.
    if published is not None:
        chosen = _scheme_of(published, chosen)
        return Landmarker(landmark_hrnet(chosen.points), chosen, INPUT_SIZE, params.refinement)
    network = landmark_hrnet(chosen.points, params.width, params.modules, params.blocks)
    return Landmarker(network, chosen, params.input_size, params.refinement)


def _scheme_of(published: dict[str, Tensor], chosen: Scheme) -> Scheme:
    """`chosen`, unless the file's head has another number of points, which then tells its scheme."""
    points = len(published[HEAD]) if HEAD in published else chosen.points
    if points == chosen.points:
        return chosen
    return next((other for other in SCHEMES.values() if other.points == points), chosen)


def _import(
    model: LandmarkHRNet, published: dict[str, Tensor], params: Params, machine: Fabric
) -> dict[str, int]:
    report = load_weights(model, published, source=params.weights or "weights")
    log.print(f"{params.weights}: {report}")
    machine.to_device(model.eval())
    return report.counts()


def _train(landmarker: Landmarker, faces: Faces, params: Params, state: Path, machine: Fabric) -> History:
    """Mean squared error of heatmaps, Adam, steps; after each epoch the error on the people held out."""
    size = params.input_size // STRIDE

    batches = landmark_batches(
        faces.images,
        faces.points,
        faces.train,
        Variation(params.rotation, params.scaling, augment=params.augment),
        size=params.input_size,
        batch=params.batch,
        seed=params.seed,
        fabric=machine,
    )

    def loss(net: nn.Module, batch: Batch) -> dict[str, Tensor]:
        images, points = machine.to_device(batch)
        return {"loss": mse_loss(net(images), gaussian_heatmaps(points, size, params.sigma))}

    def validate(_: int) -> dict[str, float]:
        found = find_landmarks(landmarker, faces.images[faces.held_out])
        return {"nme": float(nme(found, faces.points[faces.held_out]).mean())}

    return train(landmarker.model, loss, batches, params, state=state, fabric=machine, on_epoch=validate)


def _report(landmarker: Landmarker, faces: Faces, history: History, metrics: Path) -> dict[str, float]:
    """Write error on the people held out, training curve and picture; returns the error."""
    if not len(faces.held_out):
        return _report_nothing(metrics)
    found = find_landmarks(landmarker, faces.images[faces.held_out])
    errors = nme(found, faces.points[faces.held_out], landmarker.scheme)
    scores = summarise(errors)
    write_json(metrics / "landmarks.json", {"faces": len(errors), "nme": scores})
    write_csv(metrics / "landmarks.csv", pd.DataFrame(history, columns=CURVE))
    _draw(metrics / "landmarks.png", faces, found, errors)
    return scores


def _report_nothing(metrics: Path) -> dict[str, float]:
    """The same files of a network that was not measured: no faces, no curve, an empty picture."""
    write_json(metrics / "landmarks.json", {"faces": 0})
    write_csv(metrics / "landmarks.csv", pd.DataFrame(columns=CURVE))
    write_png(metrics / "landmarks.png", np.zeros(NOBODY.images.shape[1:], np.uint8))
    return {}


def _draw(path: Path, faces: Faces, found: Points, errors: NDArray[np.float64]) -> None:
    """Held-out faces from the best to the worst, their points found."""
    order = np.argsort(errors)[spread(len(errors), SHOWN)]
    write_png(path, landmark_montage(faces.images[faces.held_out[order]], found[order]))


def run() -> None:
    build_landmarks(load_training(Params, "landmarks"))


if __name__ == "__main__":
    main(run)
