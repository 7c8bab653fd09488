"""`paper` holds the papers' values, with nothing of ours; what departs from them is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stages.core.params import read_params
from stages.params.departures import of_system
from stages.params.places import in_force
from stages.params.record import FILE, as_text, published_of, recorded

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = read_params(ROOT / "params.yaml")
PAPER = {**COMMITTED, "scale": "paper", "corpus": "/Aff-Wild2", "extra": "/BP4D"}
# InsightFace (arcface_torch) mirrors its images and does nothing else to them.
UNCHANGED = {
    "crop": 1.0, "rotate": 0.0, "saturation": 0.0, "contrast": 0.0, "lightness": 0.0, "gamma": 0.0, "shade": 0.0,
    "grey": 0.0, "blur": 0.0, "shrink": 0.0, "jpeg": 0.0, "noise": 0.0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("stage", "key", "published"),
    [
        # Jin et al. 2021: AU and EXPR alone (Tables 1 and 2); flip, crop, hue, saturation, lightness (4.2).
        ("finetune@jin2021-visual", "tasks", ["AU", "EXPR"]),
        ("audio@jin2021-audio", "tasks", ["AU", "EXPR"]),
        ("sequence@jin2021-sequence", "tasks", ["AU", "EXPR"]),
        ("audio@jin2021-audio", "inherit_heads", False),
        ("audio@jin2021-audio", "clip_norm", None),
        ("sequence@jin2021-sequence", "clip_norm", None),
        ("finetune@jin2021-visual", "extra", True),
        ("finetune@jiang2022-units", "extra", True),
        # Thinh et al. 2021, 2.1: 112 × 112 pixels, no augmentation.
        ("finetune@thinh2021-fold1", "input_size", 112),
        ("finetune@thinh2021-fold1", "augment", {}),
        # Wang & Wang 2021, 4 B: from TSAV's weights. No paper but Jiang et al. 2022 (3.4) smooths.
        ("clips@wang2021-teacher", "weights", "models/published/TSAV_Sub4_544k.pth.tar"),
        ("smooth@jin2021", "widths", [1]),
        ("smooth@wang2021", "widths", [1]),
        ("smooth@thinh2021", "widths", [1]),
        ("smooth@fan2021", "widths", [1]),
        ("smooth@jiang2022", "widths", [1, 10, 24]),
        ("smooth@jiang2022", "margin", 0.0),
        ("ensemble@jiang2022", "margin", 0.0),
        ("ensemble@fan2021", "margin", 0.0),
        # Jin et al. 2021, 4.2: IResNet100 of InsightFace; Thinh et al. 2021, 2.2, and Fan et al. 2021, 2.1: VGGFace2.
        ("pretrain@iresnet", "weights", "models/published/glint360k_cosface_r100_fp16_0.1/backbone.pth"),
        ("pretrain@vggface2", "weights", "models/published/resnet50_ft_weight.pkl"),
        ("pretrain@iresnet", "augment", {"flip": 0.5, **UNCHANGED}),
        ("specialise@units", "augment", {"flip": 0.5, **UNCHANGED}),
        # Cao et al. 2018, 4.1: crops of 224 from 256 pixels, grey with probability 0.2.
        ("pretrain@vggface2", "augment", {"flip": 0.5, **UNCHANGED, "crop": 224 / 256, "grey": 0.2}),
        # HRNet-Facial-Landmark-Detection: a quarter pixel towards the higher neighbour, no change of colours.
        ("landmarks", "refinement", "quarter"),
    ],
    ids=str,
)
def test_paper_is_what_was_published(stage: str, key: str, published: Any) -> None:
    assert in_force(PAPER, stage)[key] == published


def test_images_change_as_in_the_papers_alone() -> None:
    changed = {
        key: value for key, value in in_force(PAPER, "finetune@jin2021-visual")["augment"].items() if value
    }
    assert {*changed} == {"flip", "hue", "saturation", "lightness"}
    assert not any(in_force(PAPER, "landmarks")["augment"].values())


@pytest.mark.parametrize("system", COMMITTED["systems"])
def test_at_paper_nothing_departs_but_private_sets(system: str) -> None:
    found = of_system(PAPER, system)
    private = [f"specialise.{name}.stills" for name in ("units", "expressions")]
    assert [own.key for own in found] == (private if system == "jiang2022" else [])


def test_missing_data_and_stand_ins_are_departures() -> None:
    bare = {**PAPER, "extra": "data/stills/affect"}
    assert [tuple(own) for own in of_system(bare, "jin2021")] == [("jin2021.finetune.extra", False, True)]
    drawn = {**COMMITTED, "scale": "paper", "stand_ins": True}
    told = {own.key: own.value for own in of_system(drawn, "jin2021")}
    assert told == {
        "corpus": "data/synthetic",
        "pretrain.iresnet.weights": None,
        "pretrain.iresnet.stills": "data/stills/identities",
        "extra": "data/stills/affect",
    }


def test_another_scale_is_told_by_the_keys_of_params_yaml() -> None:
    told = {own.key: (own.value, own.published) for own in of_system(COMMITTED, "jin2021")}
    assert told["lr"] == (COMMITTED["lr"]["demo"], COMMITTED["lr"]["paper"])
    assert told["jin2021.finetune.tasks"] == (["AU", "EXPR", "VA"], ["AU", "EXPR"])
    assert told["pretrain.iresnet.augment.noise"] == (0.04, 0.0)
    assert not any(key.startswith(("wang2021", "landmarks", "pretrain.vggface2")) for key in told)
    assert "landmarks.width" in {own.key for own in of_system(COMMITTED, "wang2021")}


def test_the_record_holds_the_published_values() -> None:
    text = as_text(published_of(COMMITTED))
    assert FILE.read_text() == text, (
        "params.yaml has other values at paper: run python -m stages.params --record"
    )
    assert recorded() == published_of(COMMITTED)


def test_what_is_set_in_place_of_a_mapping_is_told() -> None:
    block = COMMITTED["thinh2021"]["finetune"] | {
        "epochs": 3,
        "augment": {"rotate": 5.0},
        "weight_decay": 0.1,
    }
    found = of_system({**PAPER, "thinh2021": COMMITTED["thinh2021"] | {"finetune": block}}, "thinh2021")
    assert [tuple(own) for own in found] == [
        ("thinh2021.finetune.epochs", 3, 10),
        ("thinh2021.finetune.weight_decay", 0.1, 0.0),
        ("thinh2021.finetune.augment.rotate", 5.0, None),
    ]
    assert [tuple(own) for own in of_system({**PAPER, "lr": 0.01}, "jin2021")] == [("lr", 0.01, 0.001)]


def test_of_a_system_without_a_paper_nothing_is_told() -> None:
    runs = {
        **PAPER["runs"],
        "finetune": {"mine": PAPER["runs"]["finetune"]["jin2021-visual"] | {"system": "mine"}},
    }
    values = {
        **PAPER,
        "systems": ["mine"],
        "runs": runs,
        "mine": PAPER["jin2021"] | {"smooth": {"widths": [7]}},
    }
    assert of_system(values, "mine") == []


def test_runs_of_one_block_are_told_once() -> None:
    keys = [own.key for own in of_system(COMMITTED, "thinh2021")]
    assert len(keys) == len({*keys}) and "thinh2021.finetune.batch" in keys


def test_of_an_imported_backbone_no_training_is_told() -> None:
    own = COMMITTED["pretrain"]["iresnet"] | {"weights": str(ROOT / "params.yaml"), "kind": "ir_se"}
    found = of_system({**COMMITTED, "pretrain": COMMITTED["pretrain"] | {"iresnet": own}}, "jin2021")
    told = [departure.key for departure in found if departure.key.startswith("pretrain.")]
    assert told == ["pretrain.iresnet.weights", "pretrain.iresnet.kind"]
