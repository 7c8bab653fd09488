"""ONNX files of visual and clip models: the original's answers, in an environment that has nothing of this project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml

from stages.core.card import read_card
from stages.core.errors import UserError
from stages.export.__main__ import export
from stages.export.onnx_file import run_onnx
from stages.networks.tsav import prepare
from stages.training.trained import Models
from tests.predict.saved import save_step
from tests.world import build_world

BARE = ("numpy", "numpy.libs", "onnxruntime")  # packages that a user of the files has


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus, and a system with a visual, a clip, an audio and a sequence model of random weights."""
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    for video in (root / "data/mel/jin2021").iterdir():
        target = root / "data/mel/wang2021" / video.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(video.read_bytes())
    masks = root / "data/masks/filled"
    masks.mkdir(parents=True)
    for faces in (root / "data/frames").glob("*.npy"):
        np.save(masks / faces.name, np.load(faces)[..., 0])
    torch.manual_seed(0)
    for step in ("visual", "clips", "audio"):
        save_step(root / "models", "tiny", step)
    return root


@pytest.fixture(scope="module")
def out(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the front door writes of it."""
    folder = tmp_path_factory.mktemp("exported") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        export("tiny", folder, "data/synthetic")
    return folder


def test_what_reads_pixels_has_a_file_and_nothing_else_is_left(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "clips.onnx", "visual.onnx"]


def test_a_visual_file_takes_crops_of_any_batch_and_answers_like_the_model(world: Path, out: Path) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (5, 112, 112, 3)).astype(np.uint8)
    model, _ = Models(world / "models", torch.device("cpu")).load(world / "models/tiny/visual")
    with torch.no_grad():
        wanted = model(model.backbone.front_end.prepare(torch.from_numpy(crops)))
    units, expressions, va = run_onnx(out / "visual.onnx", {"faces": crops})
    np.testing.assert_allclose(units, torch.sigmoid(wanted["AU"]), atol=1e-5)
    np.testing.assert_allclose(expressions, torch.softmax(wanted["EXPR"], 1), atol=1e-5)
    np.testing.assert_allclose(va, wanted["VA"], atol=1e-5)
    assert np.ptp(units, axis=0).min() > 0  # faces differ, so that equal answers say something


def test_a_clip_file_takes_pixels_masks_and_sound(world: Path, out: Path) -> None:
    random = np.random.default_rng(2)
    clips = random.integers(0, 256, (3, 2, 32, 32, 4)).astype(np.uint8)
    mel = random.normal(size=(3, 1, 64, 50)).astype(np.float32)
    model, _ = Models(world / "models", torch.device("cpu")).load(world / "models/tiny/clips")
    with torch.no_grad():
        wanted = model(prepare(torch.from_numpy(clips)), torch.from_numpy(mel))
    units, _, va = run_onnx(out / "clips.onnx", {"clips": clips, "mel": mel})
    np.testing.assert_allclose(units, torch.sigmoid(wanted["AU"]), atol=1e-5)
    np.testing.assert_allclose(va, wanted["VA"], atol=1e-5)


def test_a_file_tells_its_contract_and_no_path_of_this_machine(out: Path) -> None:
    model = onnx.load(out / "visual.onnx")
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert "112 by 112" in (out / "README.md").read_text() and "RGB" in told["faces"]
    assert told["AU"].split(", ")[3] == "AU6" and told["EXPR"].split(", ")[4] == "Happiness"
    assert str(Path.cwd()).encode() not in (out / "visual.onnx").read_bytes()
    assert [opset.version for opset in model.opset_import if not opset.domain] == [18]


def test_the_same_model_gives_the_same_bytes(
    world: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world)
    export("tiny", tmp_path / "again", "data/synthetic")
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_cards_three_lines_run_where_onnxruntime_alone_is_installed(out: Path, tmp_path: Path) -> None:
    site = Path(onnxruntime.__file__).parents[1]
    for package in BARE:
        (tmp_path / package).symlink_to(site / package)
    lines = [line.strip() for line in (out / "README.md").read_text().splitlines() if line.startswith("    ")]
    code = [
        "import sys",
        f"sys.path = [{str(tmp_path)!r}, *(p for p in sys.path if 'site-packages' not in p)]",
    ]
    code += [
        "import numpy",
        "clips = numpy.zeros((1, 2, 32, 32, 4), 'u1')",
        "mel = numpy.zeros((1, 1, 64, 50), 'f4')",
    ]
    code += [*lines, "print(AU.shape, EXPR.shape, VA.shape, 'torch' in sys.modules)"]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "\n".join(code)],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(lines) == 3
    assert run.stdout == "(1, 12) (1, 7) (1, 2) False\n", run.stderr


def test_the_card_has_front_matter_data_and_limits(world: Path, out: Path) -> None:
    text = (out / "README.md").read_text()
    front = yaml.safe_load(text.split("---")[1])
    assert front["library_name"] == "onnx" and "AU" in front["tags"]
    card = read_card(world / "models/tiny/visual")
    assert f"{card.step}, {card.chosen}" in text and "Not evaluated." in text and "drawn faces alone" in text


def test_a_system_that_is_not_there_is_one_sentence(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world)
    with pytest.raises(
        UserError, match=r"models/nobody: holds no visual or clip network; run `dvc repro evaluate@nobody`"
    ):
        export("nobody", tmp_path / "out", "data/synthetic")
    assert not (tmp_path / "out").exists()
