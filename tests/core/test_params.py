"""A value that is set is the value that is used, at the scale that runs; an error names the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stages.core.errors import UserError
from stages.core.params import Strict, at_scale, check, departures, load, load_run, read_params

TEXT = """\
scale: demo
lr: {smoke: 0.1, demo: 1e-2, paper: 0.001}
seed: 3
runs:
  finetune:
    x-visual: {system: x, step: visual, fold: 1, epochs: 9}
    x-other: {system: x, step: other}
x:
  finetune:
    lr: null
    epochs: {smoke: 2, demo: 8, paper: 15}
    dropout: 0.5
    turns: {smoke: null, demo: [AU, VA], paper: null}
    augment: {flip: 0.5, noise: {smoke: 0.0, demo: 0.1, paper: 0.0}}
"""


class Augment(Strict):
    flip: float
    noise: float


class Params(Strict):
    system: str = ""
    step: str = ""
    seed: int
    lr: float
    epochs: int
    dropout: float
    turns: list[str] | None
    augment: Augment
    fold: int | None = None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(TEXT)
    return tmp_path / "params.yaml"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_mappings_give_the_value_of_the_scale_that_runs(project: Path) -> None:
    params = load(Params, "x.finetune")
    assert params == Params(
        seed=3, lr=0.01, epochs=8, dropout=0.5, turns=["AU", "VA"], augment=Augment(flip=0.5, noise=0.1)
    )
    edit(project, "scale: demo", "scale: paper")
    published = load(Params, "x.finetune")
    assert (published.lr, published.epochs, published.turns, published.augment.noise) == (0.001, 15, None, 0)


@pytest.mark.parametrize("scale", ["smoke", "demo", "paper"])
@pytest.mark.parametrize(
    ("key", "old", "new", "value"),
    [
        ("epochs", "epochs: {smoke: 2, demo: 8, paper: 15}", "epochs: 20", 20),
        ("lr", "lr: {smoke: 0.1, demo: 1e-2, paper: 0.001}", "lr: 0.3", 0.3),
        ("lr", "lr: null", "lr: 0.7", 0.7),
        ("turns", "turns: {smoke: null, demo: [AU, VA], paper: null}", "turns: [EXPR]", ["EXPR"]),
    ],
)
def test_what_is_set_is_used_at_every_scale(
    project: Path, scale: str, key: str, old: str, new: str, value: Any
) -> None:
    edit(project, old, new)
    edit(project, "scale: demo", f"scale: {scale}")
    assert getattr(load(Params, "x.finetune"), key) == value


def test_a_runs_keys_stand_in_place_of_the_blocks(project: Path) -> None:
    first, other = (load_run(Params, "finetune", run) for run in ("x-visual", "x-other"))
    assert (first.system, first.step, first.epochs, first.fold, first.lr) == ("x", "visual", 9, 1, 0.01)
    assert (other.step, other.epochs, other.fold) == ("other", 8, None)


def test_a_training_tells_what_is_not_published(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_run(Params, "finetune", "x-other")
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "x.finetune: 4 values are not the published ones"
    assert {line.strip() for line in told[1:]} == {
        "epochs: 8   # published: 15",
        "turns: ['AU', 'VA']   # published: None",
        "augment.noise: 0.1   # published: 0.0",
        "lr: 0.01   # published: 0.001",
    }
    edit(project, "scale: demo", "scale: paper")
    assert departures(read_params(), "x.finetune", None, ["lr"]) == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "smoke: 2, demo: 8, ",
            "smoke: 2, ",
            "key x.finetune.epochs: has no value for the scale demo; add one",
        ),
        ("demo: 8, paper: 15", "demo: 8, papr: 15", "key x.finetune.epochs: 'papr' is no scale"),
        ("noise: {smoke: 0.0, demo: 0.1", "noise: {smoke: 0.0", "key x.finetune.augment.noise: has no value"),
        ("demo: 1e-2, ", "", "key lr: has no value for the scale demo"),
        ("demo: 1e-2", "demo: fast", "key lr: Input should be a valid number"),
        ("dropout: 0.5", "dropuot: 0.5", "key x.finetune.dropuot: is not a parameter; check the spelling"),
        ("    dropout: 0.5\n", "", "key x.finetune.dropout: is missing; add it"),
        ("scale: demo", "scale: dmeo", "key scale: there is no 'dmeo'; choose one of smoke, demo"),
        ("x:\n  finetune", "y:\n  finetune", "there is no section x.finetune"),
        ("scale: demo", "scale: [demo", "params.yaml: cannot be read"),
    ],
)
def test_bad_values_are_one_sentence_that_names_the_key(
    project: Path, old: str, new: str, message: str
) -> None:
    edit(project, old, new)
    with pytest.raises(UserError) as caught:
        load(Params, "x.finetune")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_run_that_there_is_not(project: Path) -> None:
    with pytest.raises(
        UserError, match=r"runs.finetune: there is no run 'y'; its runs are x-visual, x-other"
    ):
        load_run(Params, "finetune", "y")


def test_sections_within_sections_are_kept() -> None:
    values = {"a": {"b": {"smoke": 1, "demo": 2, "paper": 3}, "c": [1]}, "d": None}
    assert at_scale(values, "smoke", "") == {"a": {"b": 1, "c": [1]}, "d": None}


def test_an_error_outside_the_block_names_the_top_level() -> None:
    values = {
        "seed": "x",
        "lr": 1,
        "epochs": 1,
        "dropout": 0,
        "turns": None,
        "augment": {"flip": 0, "noise": 0},
    }
    with pytest.raises(UserError, match=r"params.yaml, key seed: "):
        check(Params, values, "x.finetune", {"seed"})
