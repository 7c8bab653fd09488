"""A system trained on noise, run on one clip: the same numbers as the pipeline's own predictions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, logit, softmax

from stages.clips import model as clip_kind
from stages.clips.cutting import Shape
from stages.core.card import save_card, save_model, save_weights
from stages.core.errors import UserError
from stages.core.labels import EXPRESSION_LOGITS, EXPRESSIONS, PREDICTION_COLUMNS
from stages.ensemble.mixture import Source, describe
from stages.landmarks.landmarker import Landmarker
from stages.landmarks.schemes import JD106
from stages.masks import __main__ as masks
from stages.networks.hrnet import landmark_hrnet
from stages.predict.inference import WHOLE, predict_recording
from stages.predict.recording import NAME, Recording
from stages.predict.trained_systems import System, read_system, trained_systems
from stages.scoring.tables.labelled import UNITS
from stages.sequence import model as sequence_kind
from stages.training.footage import read_split
from stages.training.trained import Models
from tests.cards import landmark_card
from tests.training.test_stages import STEPS, train
from tests.world import build_world

VALUES = list(PREDICTION_COLUMNS[2:])
Sources = list[tuple[str, str, float]]  # step, checkpoint, weight


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build_world(folder)
        for step in STEPS:
            train(step)
    return folder


@pytest.fixture
def models(root: Path) -> Models:
    return Models(root / "models", torch.device("cpu"))


def system(units: Mapping[str, Sources], widths: Mapping[str, int] = MappingProxyType({})) -> System:
    """Every unit from the first epoch of the visual step, but for those named."""
    sources: dict[str, Sources] = {unit: [("visual", "epoch_01", 1.0)] for unit in UNITS}
    sources |= units
    selection = {unit: [Source("x", *one) for one in own] for unit, own in sources.items()}
    return System("x", selection, {**dict.fromkeys(UNITS, 1), **widths})


def all_from(step: str, checkpoint: str) -> System:
    return system({unit: [(step, checkpoint, 1.0)] for unit in UNITS})


def sounds(root: Path, trial: str) -> Callable[[str, Path], None]:
    def sound(front_end: str, folder: Path) -> None:
        mels = root / "data/mel" / front_end
        index = pd.read_parquet(mels / "index.parquet")
        index[index["video"] == trial].assign(video=NAME).to_parquet(folder / "index.parquet")
        if (mels / f"{trial}.npy").exists():
            shutil.copy(mels / f"{trial}.npy", folder / f"{NAME}.npy")

    return sound


def recording(root: Path, trial: str, folder: Path, models: Models | None = None) -> Recording:
    """What extraction would make of a video that is this trial."""
    folder.mkdir(exist_ok=True)
    for suffix in ("npy", "parquet"):
        shutil.copy(root / f"data/frames/{trial}.{suffix}", folder / f"{NAME}.{suffix}")
    return Recording(folder, models or Models(root / "models", torch.device("cpu")), sounds(root, trial))


def pipeline(root: Path, step: str, checkpoint: str, trial: str) -> pd.DataFrame:
    """What the stage predicted for the trial while it trained."""
    table = pd.read_parquet(root / f"data/predictions/x/{step}/{checkpoint}.parquet")
    return table[table["trial"] == trial].reset_index(drop=True)


@pytest.mark.parametrize("trial", ["v1", "v2"])  # v2 has no sound
@pytest.mark.parametrize("step", STEPS)
def test_the_pipelines_own_predictions(
    root: Path, models: Models, tmp_path: Path, step: str, trial: str
) -> None:
    found = predict_recording(all_from(step, "epoch_02"), recording(root, trial, tmp_path))
    wanted = pipeline(root, step, "epoch_02", trial)
    assert tuple(found.columns) == PREDICTION_COLUMNS
    assert found["frame"].tolist() == wanted["frame"].tolist()
    np.testing.assert_allclose(found[VALUES], wanted[VALUES], atol=1e-4)


def test_two_sequence_models_on_one_audio_model_hear_each_its_own_windows(root: Path, tmp_path: Path) -> None:
    """As many windows, cut elsewhere: what one has heard is not the other's."""
    models = Models(root / "models", torch.device("cpu"))
    model, card = models.load(root / "models/x/sequence")
    every_fifth, every_sixth = (card.model_copy(update={"predict_stride": stride}) for stride in (5, 6))
    alone = sequence_kind.predict(model, every_sixth, recording(root, "v1", tmp_path / "a"))
    both = recording(root, "v1", tmp_path / "b")
    sequence_kind.predict(model, every_fifth, both)
    pd.testing.assert_frame_equal(sequence_kind.predict(model, every_sixth, both), alone)


CLIPS = clip_kind.Card(
    system="x", step="clips", chosen="epoch_01", tasks=("AU", "EXPR", "VA"), params={}, data="", code="",
    width=0.25, mask="filled", scheme="ibug68", front_end="jin2021", predict_stride=2,
    clip=Shape(frames=3, dilation=2, size=32, rows=41, steps=20),
)  # fmt: skip


@pytest.fixture
def clips(root: Path, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """What a TSAV of random weights says of the pipeline's clips, whose masks a random HRNet draws."""
    torch.manual_seed(0)
    landmarker = Landmarker(landmark_hrnet(JD106.points, 4), JD106, 64, "quarter")
    network = landmarker.model.state_dict()
    save_model(models.root / "landmarks", network, landmark_card(landmarker))
    masks.build_masks(masks.Params(modes=["filled"], scheme="ibug68", batch=16, seed=1, threads=1), root)
    model = clip_kind.build(CLIPS)
    save_card(models.root / "x/clips", CLIPS)
    save_weights(models.root / "x/clips/epoch_01.safetensors", model.state_dict())
    monkeypatch.chdir(root)
    table = pd.read_parquet(root / "data/index/frames.parquet")
    return clip_kind.predict(model, CLIPS, read_split(table, "validation", models, tmp_path))


def test_clips_with_masks_as_the_pipeline_cuts_them(
    root: Path, models: Models, clips: pd.DataFrame, tmp_path: Path
) -> None:
    found = predict_recording(all_from("clips", "epoch_01"), recording(root, "v1", tmp_path))
    wanted = clips[clips["trial"] == "v1"].reset_index(drop=True)
    assert found["frame"].tolist() == wanted["frame"].tolist()
    np.testing.assert_allclose(found[VALUES], wanted[VALUES], atol=1e-4)
    drawn = np.load(tmp_path / f"masks/filled-ibug68/{NAME}.npy")
    np.testing.assert_array_equal(drawn, np.load(root / "data/masks/filled/v1.npy"))
    assert drawn.any()


def test_each_unit_from_its_sources(root: Path, models: Models, tmp_path: Path) -> None:
    weighted: Sources = [("sequence", "epoch_01", 0.25), ("visual", "epoch_02", 0.75)]
    one: Sources = [("audio", "epoch_02", 1.0)]
    chosen = system({"AU1": one, "AU4": weighted, "EXPR": weighted, "valence": weighted})
    found = predict_recording(chosen, recording(root, "v1", tmp_path))
    other, visual = pipeline(root, "sequence", "epoch_01", "v1"), pipeline(root, "visual", "epoch_02", "v1")
    heard = pipeline(root, "audio", "epoch_02", "v1")
    np.testing.assert_allclose(found["logit_AU1"], heard["logit_AU1"], atol=1e-4)
    units = logit(0.25 * expit(other["logit_AU4"]) + 0.75 * expit(visual["logit_AU4"]))
    np.testing.assert_allclose(found["logit_AU4"], units, atol=1e-3)
    faces = [softmax(table[list(EXPRESSION_LOGITS)].to_numpy(), axis=1) for table in (other, visual)]
    mixed = softmax(found[list(EXPRESSION_LOGITS)].to_numpy(), axis=1)
    np.testing.assert_allclose(mixed, 0.25 * faces[0] + 0.75 * faces[1], atol=1e-4)
    valence = 0.25 * other["valence"] + 0.75 * visual["valence"]
    np.testing.assert_allclose(found["valence"], valence, atol=1e-4)


def test_smoothing_is_applied_and_stops_at_gaps(root: Path, models: Models, tmp_path: Path) -> None:
    plain = predict_recording(system({}), recording(root, "v1", tmp_path / "a"))
    smoothed = predict_recording(system({}, {"AU4": 3}), recording(root, "v1", tmp_path / "b"))
    value, wanted = (table.set_index("frame")["logit_AU4"] for table in (smoothed, plain))
    assert value[5] == pytest.approx(wanted[[4, 5, 6]].mean(), abs=1e-5)
    assert value[9] == pytest.approx(wanted[[8, 9]].mean(), abs=1e-5)  # 10 to 13 have no face
    pd.testing.assert_series_equal(smoothed["logit_AU1"], plain["logit_AU1"])


def save(root: Path, chosen: System) -> None:
    told = {"selection": describe(chosen.selection), "widths": chosen.widths}
    (root / chosen.name / "system.json").write_text(json.dumps(told))


def test_the_combined_system_mixes_what_systems_say_in_the_end(
    root: Path, models: Models, tmp_path: Path
) -> None:
    """A system's share is its smoothed prediction; the mixture is smoothed again."""
    own = system({}, {"AU4": 5})
    save(models.root, own)
    units = [name for name in UNITS if name != "EXPR"]
    whole = [Source("x", WHOLE, "final", 1.0)]
    combined = System("combined", dict.fromkeys([*units, *EXPRESSIONS], whole), {"AU4": 3})
    found = predict_recording(combined, recording(root, "v1", tmp_path / "a"))
    alone = predict_recording(own, recording(root, "v1", tmp_path / "b"))
    np.testing.assert_allclose(found["logit_AU1"], alone["logit_AU1"], atol=1e-6)
    twice, once = (table.set_index("frame")["logit_AU4"] for table in (found, alone))
    assert twice[5] == pytest.approx(once[[4, 5, 6]].mean(), abs=1e-5)
    mixed, plain = (softmax(table[list(EXPRESSION_LOGITS)].to_numpy(), axis=1) for table in (found, alone))
    np.testing.assert_allclose(mixed, plain, atol=1e-5)


def test_features_are_those_of_the_checkpoint_that_was_embedded(root: Path, tmp_path: Path) -> None:
    """Cards tell which one, whatever the visual model's card chose."""
    shutil.copytree(root / "models", tmp_path / "models")
    moved = Models(tmp_path / "models", torch.device("cpu"))
    path = moved.root / "x/visual/card.json"
    card = json.loads(path.read_text())
    other = {"epoch_01": "epoch_02", "epoch_02": "epoch_01"}[card["chosen"]]
    path.write_text(json.dumps({**card, "chosen": other}))
    found = predict_recording(all_from("gru", "epoch_01"), recording(root, "v1", tmp_path / "a", moved))
    wanted = pipeline(root, "gru", "epoch_01", "v1")
    np.testing.assert_allclose(found[VALUES], wanted[VALUES], atol=1e-4)


@pytest.mark.parametrize("step", STEPS)
def test_a_single_face(root: Path, models: Models, tmp_path: Path, step: str) -> None:
    one = recording(root, "v1", tmp_path)
    np.save(tmp_path / f"{NAME}.npy", np.load(tmp_path / f"{NAME}.npy")[:1])
    pd.read_parquet(tmp_path / f"{NAME}.parquet").iloc[:1].to_parquet(tmp_path / f"{NAME}.parquet")
    found = predict_recording(all_from(step, "epoch_01"), one)
    assert len(found) == 1 and found[VALUES].notna().all(axis=None)


def test_a_model_is_loaded_once_for_all_clips(root: Path, models: Models, tmp_path: Path) -> None:
    chosen = all_from("sequence", "epoch_01")
    predict_recording(chosen, recording(root, "v1", tmp_path / "a", models))
    first = {path: id(model) for path, (model, _) in models.loaded.items()}
    assert {path.parent.name for path in first} == {"visual", "audio", "sequence"}
    for path in list(models.root.glob("x/*/*.safetensors")):
        path.rename(path.with_suffix(".away"))
    try:
        predict_recording(chosen, recording(root, "v2", tmp_path / "b", models))
    finally:
        for path in list(models.root.glob("x/*/*.away")):
            path.rename(path.with_suffix(".safetensors"))
    assert {path: id(model) for path, (model, _) in models.loaded.items()} == first


def test_a_sound_that_nothing_hears_is_not_made(root: Path, models: Models, tmp_path: Path) -> None:
    heard: list[str] = []
    seen = recording(root, "v1", tmp_path)

    def listen(front_end: str, folder: Path) -> None:
        heard.append(front_end)
        seen.sound(front_end, folder)

    predict_recording(all_from("gru", "epoch_01"), Recording(seen.folder, models, listen))
    assert heard == []
    predict_recording(all_from("sequence", "epoch_01"), Recording(seen.folder, models, listen))
    assert heard == ["jin2021"]


def test_systems_are_read_back_or_their_absence_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"y/system\.json: missing; run `dvc repro`.*trained systems: none"):
        read_system(tmp_path, "y")
    for name in ("a", "combined"):
        (tmp_path / name).mkdir()
        save(tmp_path, System(name, {"AU1": [Source("a", "audio", "epoch_02", 1.0)]}, {"AU1": 5}))
    assert read_system(tmp_path, "a") == System(
        "a", {"AU1": [Source("a", "audio", "epoch_02", 1.0)]}, {"AU1": 5}
    )
    assert trained_systems(tmp_path) == ["combined", "a"]
    with pytest.raises(UserError, match=r"trained systems: combined, a"):
        read_system(tmp_path, "y")
