"""`python -m stages.params` tells the values in force; what it writes for DVC is what the stages read."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.core.params import leaves, load, load_run, read_params
from stages.params.__main__ import lines, write_all
from stages.params.origins import params_of
from stages.params.places import PLACES, in_force, sections, stages

ROOT = Path(__file__).resolve().parents[2]
VALUES = read_params(ROOT / "params.yaml")
STAGES = list(stages(VALUES))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("scale", ["smoke", "demo", "paper"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_takes_its_values_at_every_scale(
    stage: str, scale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "params.yaml").read_text()
    assert text.count("\nscale: demo\n") == 1
    (tmp_path / "params.yaml").write_text(text.replace("\nscale: demo\n", f"\nscale: {scale}\n"))
    monkeypatch.chdir(tmp_path)
    block, run, _ = sections(VALUES, stage)
    verb = stage.partition("@")[0]
    params = load_run(params_of(verb), verb, stage.partition("@")[2]) if run else load(params_of(verb), block)
    written = in_force({**VALUES, "scale": scale}, stage)
    assert {*written} == {*params.model_fields_set}, "DVC compares other keys than the stage reads"


def test_a_line_a_value_with_its_origin() -> None:
    told = dict(line.split(": ", 1) for line in lines(VALUES, "finetune@jin2021-visual"))
    assert told["epochs"] == "8   # demo"
    assert told["momentum"] == "0.9   # set"
    assert told["augment.flip"] == "0.5   # set"
    assert told["lr"].endswith("# demo"), "the top level's mapping"
    assert told["fold"] == "null   # default"
    published = dict(
        line.split(": ", 1) for line in lines({**VALUES, "scale": "paper"}, "finetune@jin2021-visual")
    )
    assert published["epochs"] == "15   # paper" and published["lr"] == "0.001   # paper"


def test_what_is_printed_is_yaml() -> None:
    printed = yaml.safe_load("\n".join(lines(VALUES, "finetune@jin2021-visual")))
    assert printed["tasks"] == ["AU", "EXPR", "VA"] and printed["clip_norm"] == 5.0


def test_the_files_for_dvc_change_with_the_values_in_force_alone(tmp_path: Path) -> None:
    def written(values: dict[str, Any]) -> dict[str, str]:
        write_all(values, tmp_path / "out")
        return {
            path.relative_to(tmp_path / "out").as_posix(): path.read_text()
            for path in (tmp_path / "out").rglob("*.yaml")
        }

    before = written(VALUES)
    assert {*before} == {f"{stage.replace('@', '/')}.yaml" for stage in STAGES}
    other = {**VALUES, "lr": {**VALUES["lr"], "paper": 99.0}}
    assert written(other) == before, "a value of another scale retrains nothing"
    changed = written({**VALUES, "lr": 0.3})
    differing = {name for name in before if changed[name] != before[name]}
    assert "finetune/jin2021-visual.yaml" in differing
    assert differing <= {name for name in before if name.startswith("finetune/")}


def test_the_command_line(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "stages.params", *words], capture_output=True, text=True)

    assert run().stdout.splitlines() == STAGES
    assert "max_frames: null   # paper" in run("frames", "--scale", "paper").stdout
    wrong = run("finetune@nobody")
    assert (
        wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and "there is no such stage" in wrong.stderr
    )


def test_places_name_front_doors() -> None:
    for verb in PLACES:
        assert import_module(f"stages.{verb}.__main__")


def test_leaves_are_dotted() -> None:
    assert dict(leaves({"a": {"b": 1}, "c": {}})) == {"a.b": 1}


def test_a_default_that_is_a_table_is_told_key_by_key() -> None:
    values = read_params(ROOT / "params.yaml")
    del values["fan2021"]["finetune"]["augment"]
    told = list(lines(values, "finetune@fan2021-visual"))
    assert "augment.flip: 0.0   # default" in told
