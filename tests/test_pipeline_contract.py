"""dvc.yaml, params.yaml and stages/ hold what they promise; and the checks notice when they do not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from stages.core.digests import import_closure
from tests import contract

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "stages").rglob("*.py"))
PARAMS = ROOT / "params.yaml"


class Stage(NamedTuple):
    """A stage of dvc.yaml, matrix and templates resolved."""

    name: str
    desc: str | None
    cmd: str
    deps: list[str]
    params: list[str]


def stages() -> list[Stage]:
    """The stages as DVC reads them."""
    with Repo(str(ROOT)) as repo:
        return [_stage(stage) for stage in repo.index.stages]


def _stage(stage: Any) -> Stage:
    params = [key for dep in stage.deps if hasattr(dep, "params") for key in dep.params]
    deps = [dep.def_path for dep in stage.deps if not hasattr(dep, "params")]
    return Stage(stage.addressing, stage.desc, str(stage.cmd), deps, params)


def closure(stage: Stage) -> list[str]:
    """Files that the stage's front door imports; `__init__` files without code are nothing to depend on."""
    door = re.search(r"-m stages\.(\w+)", stage.cmd)
    assert door, f"{stage.name}: its command runs no front door of stages/"
    files = import_closure(ROOT / "stages" / f"{door[1]}.py")
    return [file.relative_to(ROOT).as_posix() for file in files if contract.has_code(file.read_text())]


STAGES = stages()
each_stage = pytest.mark.parametrize("stage", STAGES, ids=[stage.name for stage in STAGES])


@each_stage
def test_deps_cover_the_import_closure(stage: Stage) -> None:
    assert contract.uncovered(closure(stage), stage.deps) == []
    assert contract.superfluous(closure(stage), stage.deps) == []


@each_stage
def test_stage_is_described(stage: Stage) -> None:
    assert stage.desc and len(stage.desc) > 10


@each_stage
def test_declared_params_exist(stage: Stage) -> None:
    assert contract.missing_params(stage.params, YAML(typ="safe").load(PARAMS)) == []


@pytest.mark.parametrize("path", SOURCES)
def test_imports_run_downward(path: str) -> None:
    assert contract.upward(path, (ROOT / path).read_text()) == []


def test_every_parameter_is_explained() -> None:
    assert contract.uncommented(PARAMS.read_text()) == []
    assert contract.unknown_caps(YAML(typ="safe").load(PARAMS), PARAMS.read_text()) == []


# ── the checks can fail ─────────────────────────────────────────────────────────────────────────────


def test_a_forgotten_dep_is_noticed() -> None:
    files = ["stages/mel.py", "stages/runtime.py", "stages/media/mel.py", "stages/media/sound.py"]
    assert contract.uncovered(files, ["stages/mel.py", "stages/media", "data/index"]) == ["stages/runtime.py"]
    assert contract.uncovered(files, ["stages/mel.py", "stages/runtime.py", "stages/media/mel.py"]) == [
        "stages/media/sound.py"
    ]


def test_a_docstring_alone_is_no_code() -> None:
    assert not contract.has_code('"""What is in this room."""\n') and not contract.has_code("")
    assert contract.has_code('"""Doc."""\nfrom stages.media import mel\n')


def test_a_dep_that_is_not_imported_is_noticed() -> None:
    deps = ["stages/mel.py", "stages/media", "stages/networks", "data/index"]
    assert contract.superfluous(["stages/mel.py", "stages/media/mel.py"], deps) == ["stages/networks"]


@pytest.mark.parametrize(
    ("path", "line", "allowed"),
    [
        ("stages/media/mel.py", "from stages.runtime import log", True),
        ("stages/media/mel.py", "from stages import errors", True),
        ("stages/media/mel.py", "from stages import mel", False),
        ("stages/media/mel.py", "import stages.finetune", False),
        ("stages/media/mel.py", "def f():\n    from stages.evaluate import run", False),
        ("stages/media/mel.py", "from .sound import read", False),
        ("stages/mel.py", "from stages.media.mel import mel", True),
        ("stages/predict.py", "from stages.sequence import build", True),
        ("stages/networks/heads.py", "import math\nimport torch.nn.functional as F", True),
        ("stages/networks/heads.py", "from stages.networks.iresnet import iresnet", True),
        ("stages/networks/heads.py", "from stages.learning import measures", False),
        ("stages/networks/heads.py", "import pandas", False),
    ],
)
def test_an_upward_import_is_noticed(path: str, line: str, allowed: bool) -> None:
    assert (contract.upward(path, line) == []) is allowed


def test_an_unexplained_parameter_is_noticed() -> None:
    text = "# all\nmel:\n  # rows\n  mels: 64\n  # both\n  people: 1\n  stills: 2\n  bare: 3\n"
    assert contract.uncommented(text) == ["bare: 3"]
    alike = "# all\nmel:\n  # one\n  a:\n    # rows\n    mels: 64\n  # two\n  b:\n    mels: 32\n    bare: 3\n"
    assert contract.uncommented(alike) == ["bare: 3"]
    assert contract.uncommented("# one\na:\n  # x\n  b: 1\n# two\nc:\n  b: 1\n") == ["b: 1"]
    assert contract.uncommented("scales:\n  smoke:\n") == []
    assert contract.uncommented("seed: 1\n") == ["seed: 1"]


def test_a_cap_of_nothing_is_noticed() -> None:
    params = {
        "mel": {"mels": 64},
        "jin2021": {"finetune": {"epochs": 15}},
        "scales": {
            "smoke": {"mel": {"mels": 8, "melz": 8}, "jin2021": {"finetune": {"epochs": 1}}, "gone": {"a": 1}}
        },
    }
    assert contract.unknown_caps(params) == ["smoke.mel.melz", "smoke.gone.a"]
    assert contract.unknown_caps(params, "# melz: rows of a z") == ["smoke.gone.a"]
    assert contract.unknown_caps({**params, "scales": {"paper": {}}}) == []


def test_a_declared_parameter_that_is_not_there_is_noticed() -> None:
    params = {"seed": 1, "jin2021": {"audio": {"epochs": None}}}
    declared = ["seed", "jin2021.audio", "jin2021.audio.epochs", "jin2021.vidio", "seed.x"]
    assert contract.missing_params(declared, params) == ["jin2021.vidio", "seed.x"]
