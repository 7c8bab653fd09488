"""dvc.yaml, params.yaml and stages/ hold what they promise; and the checks notice when they do not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from dvc.repo import Repo
from networkx import descendants

from stages.core.digests import import_closure
from stages.core.params import read_params
from stages.params.places import in_force, stages
from tests import contract

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "stages").rglob("*.py"))
PARAMS = ROOT / "params.yaml"
VALUES = read_params(PARAMS)
MOST_DEPS = 12


class Stage(NamedTuple):
    """A stage of dvc.yaml, templates resolved; `before`: the verbs of the stages that it reads from."""

    name: str
    desc: str | None
    cmd: str
    deps: list[str]
    before: set[str]


def read_stages() -> list[Stage]:
    """The stages as DVC reads them."""
    with Repo(str(ROOT)) as repo:
        graph = repo.index.graph
        return [_stage(stage, descendants(graph, stage)) for stage in repo.index.stages]


def _stage(stage: Any, before: set[Any]) -> Stage:
    deps = [dep.def_path for dep in stage.deps]
    verbs = {other.name.split("@")[0] for other in before}
    return Stage(stage.name, stage.desc, str(stage.cmd), deps, verbs)


def closure(stage: Stage) -> list[str]:
    """Files that the stage needs: what its front door imports, its model, and the networks that it names."""
    door = re.search(r"-m stages\.(\w+)", stage.cmd)
    assert door, f"{stage.name}: its command runs no front door of stages/"
    found = in_force(VALUES, stage.name) if stage.name in stages(VALUES) else {}
    named = [f"stages/networks/{found[key]}.py" for key in ("network", "kind") if key in found]
    roots = [f"stages/{door[1]}/__main__.py", *named]
    files = import_closure(*(ROOT / root for root in roots))
    return [file.relative_to(ROOT).as_posix() for file in files if contract.has_code(file.read_text())]


ALL = read_stages()
BEFORE: dict[str, set[str]] = {}
for _one in ALL:
    BEFORE.setdefault(_one.name.split("@")[0], set()).update(_one.before)
each_stage = pytest.mark.parametrize("stage", ALL, ids=[stage.name for stage in ALL])


@each_stage
def test_deps_cover_the_import_closure(stage: Stage) -> None:
    assert contract.uncovered(closure(stage), stage.deps) == []
    assert contract.superfluous(closure(stage), stage.deps) == []
    assert len(stage.deps) <= MOST_DEPS


@each_stage
def test_a_stage_is_described_and_reads_its_own_values(stage: Stage) -> None:
    assert stage.desc and len(stage.desc) > 10
    own = f"data/values/{stage.name.replace('@', '/')}.yaml"
    assert own in stage.deps or stage.name == "values"


def test_every_stage_has_values_and_every_value_a_stage() -> None:
    assert {*stages(VALUES)} == {stage.name for stage in ALL} - {"values"}


@pytest.mark.parametrize("path", SOURCES)
def test_imports_run_downward(path: str) -> None:
    if len(Path(path).parts) > 2:
        assert contract.upward(path, (ROOT / path).read_text(), BEFORE) == []


def test_a_reader_of_stages_sees_the_pipeline_and_the_rooms() -> None:
    folders = {
        path.name for path in (ROOT / "stages").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert folders == {*contract.ORDER}
    assert {*contract.STAGES} == {stage.name.split("@")[0] for stage in ALL} - {"values"} | {
        "params",
        "plan",
        "predict",
        "export",
    }


def test_every_parameter_is_explained() -> None:
    assert contract.uncommented(PARAMS.read_text()) == []


def test_a_paper_ends_with_the_step_that_is_its_systems_row() -> None:
    """Jin et al. with the sequence model, Wang & Wang with the teacher, Jiang et al. smooth; the others ensemble."""
    last = {system: list(VALUES[system]["published"]["steps"])[-1] for system in VALUES["systems"]}
    assert last == {
        "jin2021": "sequence",
        "wang2021": "teacher",
        "jiang2022": "smooth",
        "thinh2021": "ensemble",
        "fan2021": "ensemble",
    }


def test_what_a_paper_published_is_of_steps_that_run() -> None:
    for system in VALUES["systems"]:
        known = {*VALUES[system]["ensemble"]["networks"], "ensemble", "smooth"}
        assert set(VALUES[system]["published"]["steps"]) <= known, system


def test_sections_of_readme_that_params_cite_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    cited = list(contract.sections(PARAMS.read_text()))
    assert cited and [name for name in cited if f"\n## {name}\n" not in readme] == []


def test_dvc_yaml_and_its_lock_stay_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 450
    assert len((ROOT / "dvc.lock").read_text().splitlines()) <= 2600


# ── the checks can fail ─────────────────────────────────────────────────────────────────────────────


def test_a_forgotten_dep_is_noticed() -> None:
    files = [
        "stages/mel/__main__.py",
        "stages/core/runtime.py",
        "stages/media/mel.py",
        "stages/media/sound.py",
    ]
    deps = ["stages/mel", "stages/media", "data/index"]
    assert contract.uncovered(files, deps) == ["stages/core/runtime.py"]
    assert contract.uncovered(files, ["stages/mel", "stages/core", "stages/media/mel.py"]) == [
        "stages/media/sound.py"
    ]


def test_a_docstring_alone_is_no_code() -> None:
    assert not contract.has_code('"""What is in this room."""\n') and not contract.has_code("")
    assert contract.has_code('"""Doc."""\nfrom stages.media import mel\n')


def test_a_dep_that_is_not_imported_is_noticed() -> None:
    deps = ["stages/mel", "stages/media", "stages/networks", "data/index"]
    assert contract.superfluous(["stages/mel/__main__.py", "stages/media/mel.py"], deps) == [
        "stages/networks"
    ]


@pytest.mark.parametrize(
    ("path", "line", "allowed"),
    [
        ("stages/media/warp.py", "from stages.core.runtime import log", True),
        ("stages/media/warp.py", "from stages import core", True),
        ("stages/media/warp.py", "from stages.scoring import measures", False),
        ("stages/media/warp.py", "import stages.finetune.model", False),
        ("stages/media/warp.py", "def f():\n    from stages.evaluate.figures import measure", False),
        ("stages/media/warp.py", "from .sound import read", False),
        ("stages/scoring/halves.py", "from stages.training.fit import fit", False),
        ("stages/training/samples/faces.py", "from stages.training.fit import fit", False),
        ("stages/training/samples/faces.py", "from stages.training.samples.augment import Augment", True),
        ("stages/training/fit.py", "from stages.training.samples.faces import Faces", True),
        ("stages/masks/drawing.py", "from stages.landmarks.schemes import scheme", True),
        ("stages/masks/drawing.py", "from stages.landmarks.__main__ import run", False),
        ("stages/mel/sound.py", "from stages.finetune.model import build", False),
        ("stages/frames/crops.py", "from stages.predict.outputs import write_rows", False),
        ("stages/predict/__main__.py", "from stages.sequence.model import build", True),
        ("stages/plan/networks/sequence.py", "from stages.sequence.model import build", True),
        ("stages/sequence/model.py", "from stages.plan.counts import Counts", False),
        ("stages/networks/hrnet.py", "import math\nimport torch.nn.functional as F", True),
        ("stages/networks/hrnet.py", "from stages.networks.iresnet import iresnet", True),
        ("stages/networks/hrnet.py", "from stages.scoring import measures", False),
        ("stages/networks/hrnet.py", "import pandas", False),
    ],
)
def test_an_upward_import_is_noticed(path: str, line: str, allowed: bool) -> None:
    assert (contract.upward(path, line, BEFORE) == []) is allowed


def test_an_unexplained_parameter_is_noticed() -> None:
    text = "# all\nmel:\n  # rows\n  mels: 64\n  # both\n  people: 1\n  stills: 2\n  bare: 3\n"
    assert contract.uncommented(text) == ["bare: 3"]
    alike = "# all\nmel:\n  # one\n  a:\n    # rows\n    mels: 64\n  # two\n  b:\n    mels: 32\n    bare: 3\n"
    assert contract.uncommented(alike) == ["bare: 3"]
    assert contract.uncommented("# one\na:\n  # x\n  b: 1\n# two\nc:\n  b: 1\n") == ["b: 1"]
    assert contract.uncommented("seed: 1\n") == ["seed: 1"]


def test_a_cited_section_is_found() -> None:
    assert list(contract.sections('# as told (README, "Your\n# own corpus").\n')) == ["Your own corpus"]
