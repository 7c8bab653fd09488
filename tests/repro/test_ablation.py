"""The sweep's engine on a corpus of noise, its definitions against params.yaml and the paper."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from safetensors.torch import load_file, save_file
from sklearn.metrics import f1_score

from repro import ablation
from repro.studies import STUDIES
from repro.studies.jiang2022 import JIANG2022, UNTRAINED, both_classes
from repro.study import Study, Variant, changed, times, unchanged
from stages.core.card import read_card
from stages.core.errors import UserError
from stages.core.labels import AU_LOGITS, AU_NAMES
from stages.networks.common.pretrained import read_network
from stages.scoring.tables import labelled
from tests.world import build_world

ROOT = Path(__file__).resolve().parents[2]
BLOCK: dict[str, Any] = {
    "seed": 1, "threads": 1, "system": "x", "step": "y", "network": "pyramid",
    "backbone": "models/pretrain/tiny", "tasks": ["AU"], "sampling": "balanced",
    "ml_ros": 0.25, "attention": True, "fpn": True, "ssh": True, "extra": True, "batch": 16,
    "batches": 2, "epochs": 1, "lr": 0.01, "unit_loss": "both", "label_smoothing": "bce",
}  # fmt: skip
TWO = Study(
    "finetune", "x", "y",
    (Variant("plain", {"fpn": False, "ssh": False}, "nothing", 0.5), Variant("fast", {"lr": 0.05}, "faster")),
    both_classes, "A note.", cumulative=True,
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    build_world(tmp_path)
    return tmp_path


def test_cumulative_rows_keep_what_came_before() -> None:
    variants = (Variant("a", {"x": 1, "y": 1}, ""), Variant("b", {"y": 2}, ""), Variant("c", {"z": 3}, ""))
    study = Study("finetune", "s", "t", variants, both_classes, cumulative=True)
    assert [dict(changes) for _, changes in study.rows()] == [
        {"x": 1, "y": 1}, {"x": 1, "y": 2}, {"x": 1, "y": 2, "z": 3},
    ]  # fmt: skip
    alone = Study("finetune", "s", "t", variants, both_classes)
    assert [dict(changes) for _, changes in alone.rows()] == [{"x": 1, "y": 1}, {"y": 2}, {"z": 3}]


def test_changes_may_depend_on_the_blocks_value() -> None:
    values = {"batch": 256, "batches": None, "lr": 0.1}
    small = changed(values, {"batch": times(96 / 256), "batches": times(2), "lr": unchanged})
    assert small == {"batch": 96, "batches": None, "lr": 0.1}
    assert times(0.01)(3) == 1


def test_every_row_is_trained_scored_and_written(world: Path) -> None:
    table = ablation.sweep("two", TWO, BLOCK, Path("scratch"), Path("metrics"))
    assert table["name"].tolist() == ["plain", "fast"]
    written = pd.read_csv("metrics/two.csv")
    assert written.columns.tolist() == [
        "name", "change", "published", "macro_f1", "f1",
    ]  # fmt: skip
    assert np.allclose(written["macro_f1"], table["macro_f1"], atol=1e-4)
    cards = [read_card(Path("scratch/two", name, "models")).params for name in ("plain", "fast")]
    assert [(card["lr"], card["fpn"], card["ssh"], card["attention"]) for card in cards] == [
        (0.01, False, False, True), (0.05, False, False, True),
    ]  # fmt: skip
    page = Path("metrics/two.md").read_text()
    assert "A note." in page
    assert f"| plain | nothing | 0.500 | {table['macro_f1'][0]:.3f} |" in page
    assert "| fast | faster |  | " in page
    own = float(table["macro_f1"][0])
    assert own == pytest.approx(by_scikit_learn(Path("scratch/two/plain")), abs=1e-6)


def by_scikit_learn(folder: Path) -> float:
    """Mean macro F1 of the checkpoint that stands for a variant."""
    chosen = read_card(folder / "models").chosen
    predictions = pd.read_parquet(folder / f"predictions/{chosen}.parquet")
    index = pd.read_parquet("data/index/frames.parquet")
    rows = index.merge(predictions, on=["trial", "frame"], suffixes=("", "_said"))
    scores = [
        f1_score(rows[rows[name] >= 0][name], rows[rows[name] >= 0][logit] > 0, average="macro")
        for name, logit in zip(AU_NAMES, AU_LOGITS, strict=True)
    ]
    return float(np.mean(scores))


def test_a_sweep_goes_on_behind_its_last_row(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ablation.sweep("two", TWO, BLOCK, Path("scratch"), Path("metrics"))
    before = Path("metrics/two.csv").read_bytes()
    runs: list[float] = []
    train = ablation.train_step

    def counted(kind: Any, params: Any, outs: Any) -> None:
        runs.append(params.lr)
        train(kind, params, outs)

    monkeypatch.setattr(ablation, "train_step", counted)
    ablation.sweep("two", TWO, BLOCK, Path("scratch"), Path("metrics"))
    assert runs == [] and Path("metrics/two.csv").read_bytes() == before
    (Path("scratch/two/fast/figures.json")).unlink()
    ablation.sweep("two", TWO, BLOCK, Path("scratch"), Path("metrics"))
    assert runs == [0.05] and Path("metrics/two.csv").read_bytes() == before
    ablation.sweep("two", TWO, {**BLOCK, "seed": 2}, Path("scratch"), Path("metrics"))
    assert runs == [0.05, 0.01, 0.05]


def test_a_key_that_there_is_not_is_named_before_anything_is_trained(world: Path) -> None:
    wrong = Study("finetune", "x", "y", (*TWO.variants, Variant("z", {"atention": True}, "")), both_classes)
    with pytest.raises(UserError, match=r"key x\.finetune\.atention: is not a parameter; check the spelling"):
        ablation.sweep("wrong", wrong, BLOCK, Path("scratch"), Path("metrics"))
    assert not Path("scratch").exists()


def test_the_first_row_of_jiangs_table_starts_untrained_and_bare(world: Path) -> None:
    tiny = Path("models/pretrain/tiny/model.safetensors")
    save_file({name: tensor * 3 for name, tensor in load_file(tiny).items()}, tiny)
    first, second = list(JIANG2022.rows())[:2]
    params = ablation.checked(JIANG2022, BLOCK, first[1]).model_dump()
    assert params["backbone"] == UNTRAINED
    start = load_file(UNTRAINED / "model.safetensors")["layer1.0.conv1.weight"]
    assert float(start.std()) == pytest.approx(0.1, rel=0.1)  # of a new convolution
    assert read_network(UNTRAINED) == read_network(Path("models/pretrain/tiny"))
    off = ("ml_ros", "attention", "fpn", "ssh", "extra")
    assert not any(params[key] for key in off) and params["label_smoothing"] == "none"
    assert (params["sampling"], params["unit_loss"], params["batch"]) == ("batch", "bce", 6)
    assert ablation.checked(JIANG2022, BLOCK, second[1]).model_dump()["backbone"] == Path(
        "models/pretrain/tiny"
    )


def test_the_last_row_is_the_system_itself() -> None:
    *_, (_, changes) = JIANG2022.rows()
    assert changed(BLOCK, changes) == BLOCK


def test_published_figures_are_table_1() -> None:
    """Steps as the paper's text gives them, in hundredths; the table has none for `sa`."""
    said = {"glint": 14.4, "bal": 1.5, "mll": 2.1, "ca": 4.4, "sa": 4.8, "ls": 1.1, "fpn": 1.9, "bs256": 0.3}
    figures = [(variant.name, variant.published or 0) for variant in JIANG2022.variants]
    steps = {name: 100 * (figure - before) for (_, before), (name, figure) in pairwise(figures)}
    assert {name: round(steps[name], 1) for name in said} == said
    assert figures[-1] == ("data", 0.721)


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_names_a_run_and_keys_of_its_block(name: str) -> None:
    study, params = STUDIES[name], YAML(typ="safe").load(ROOT / "params.yaml")
    run = params["runs"][study.verb][study.run]
    known = {*params[study.system][study.verb], *run, "seed", "threads", "extra", "lr"}
    assert {key for _, changes in study.rows() for key in changes} <= known


def test_both_classes_of_a_perfect_and_a_silent_system() -> None:
    labels = np.tile(np.array([[1], [0], [0], [-1]]), (1, 12))

    def scored(logits: np.ndarray) -> labelled.Scored:
        table = pd.DataFrame(np.tile(logits[:, None], (1, 12)), columns=list(AU_LOGITS))
        return labelled.Scored(pd.Series(["v"] * 4), labels, np.zeros(4), np.zeros((4, 2)), table)

    assert both_classes(scored(np.array([2.0, -1, -3, 5]))) == {"macro_f1": 1.0, "f1": 1.0}
    assert both_classes(scored(np.array([-1.0, -1, -1, -1]))) == {"macro_f1": pytest.approx(0.4), "f1": 0.0}
