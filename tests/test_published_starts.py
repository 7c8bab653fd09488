"""`scale: paper` with the published files in place, through the front doors: nothing is drawn, nothing trained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from stages.core.paths import DRAWN, EXTRA, LANDMARKER, METRICS, PRETRAINED
from stages.core.stand_ins import NOTE
from stages.extra.__main__ import run as run_extra
from stages.landmarks.__main__ import run as run_landmarks
from stages.landmarks.landmarker import load_landmarker
from stages.networks.common.backbones import build_backbone
from stages.networks.common.pretrained import load_backbone
from stages.networks.hrnet import landmark_hrnet
from stages.params.__main__ import run as run_values
from stages.pretrain.__main__ import run as run_pretrain
from stages.synthesize.__main__ import run as run_synthesize

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = Path("models/published")
BACKBONE = PUBLISHED / "glint360k_cosface_r100_fp16_0.1/backbone.pth"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the stages up to the starts have run; files of random values (of depth 18, for speed)."""
    folder = tmp_path_factory.mktemp("paper")
    text = (ROOT / "params.yaml").read_text()
    for old, new in (
        ("\nscale: demo\n", "\nscale: paper\n"),
        ("\ncorpus: data/synthetic\n", "\ncorpus: /data/Aff-Wild2\n"),
        ("    stills: data/stills/affect\n", "    stills: /data/stills\n"),
        (
            "\nsystems: [jin2021, wang2021, jiang2022, thinh2021, fan2021]\n",
            "\nsystems: [jin2021, wang2021, jiang2022]\n",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("params.yaml").write_text(text)
        BACKBONE.parent.mkdir(parents=True)
        torch.manual_seed(0)
        torch.save(build_backbone("iresnet", 18).network.state_dict(), BACKBONE)
        torch.save(landmark_hrnet(98).state_dict(), PUBLISHED / "HR18-WFLW.pth")
        (PUBLISHED / "TSAV_Sub4_544k.pth.tar").write_bytes(b"")
        patch.setattr(sys, "argv", ["params", "--write"])
        run_values()
        run_synthesize()
        patch.setattr(sys, "argv", ["pretrain", "iresnet"])
        run_pretrain()
        run_landmarks()
        run_extra()
    return folder


def test_nothing_is_drawn(project: Path) -> None:
    assert json.loads((project / DRAWN).read_text()) == []
    for folder in ("synthetic", "truth", "stills"):
        drawn = [path.name for path in (project / "data" / folder).rglob("*") if path.is_file()]
        assert drawn and {*drawn} == {NOTE}


def test_a_published_backbone_is_taken_as_it_is_and_not_measured(project: Path) -> None:
    published = torch.load(project / BACKBONE)
    taken = load_backbone(project / PRETRAINED / "iresnet").network.state_dict()
    assert all(torch.equal(taken[name], tensor) for name, tensor in published.items())
    assert json.loads((project / METRICS / "pretrain/iresnet.json").read_text()) == {}
    curve = pd.read_csv(project / METRICS / "pretrain/iresnet.csv")
    assert curve["epoch"].tolist() == [0] and curve["score"].isna().all()


def test_published_landmarks_are_taken_as_they_are_and_not_measured(project: Path) -> None:
    assert load_landmarker(project / LANDMARKER).scheme.name == "wflw98"
    assert json.loads((project / METRICS / "landmarks.json").read_text()) == {"faces": 0}
    assert pd.read_csv(project / METRICS / "landmarks.csv").columns.tolist() == ["epoch", "lr", "loss", "nme"]
    assert (project / METRICS / "landmarks.png").stat().st_size > 0


def test_no_still_joins_the_training(project: Path) -> None:
    assert json.loads((project / EXTRA / "keys.json").read_text()) == {}


def test_what_was_not_drawn_does_not_matter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notes are no inputs: their bytes change no model."""
    monkeypatch.chdir(project)
    before = (PRETRAINED / "iresnet/card.json").read_bytes(), (LANDMARKER / "card.json").read_bytes()
    for note in Path("data/stills").rglob(NOTE):
        note.write_text("other words\n")
    monkeypatch.setattr(sys, "argv", ["pretrain", "iresnet"])
    run_pretrain()
    run_landmarks()
    assert (
        (PRETRAINED / "iresnet/card.json").read_bytes(),
        (LANDMARKER / "card.json").read_bytes(),
    ) == before
