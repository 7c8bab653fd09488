"""A corpus that grows, changes and shrinks: only what changed is made, and all is as if made from scratch.

The stages' own work runs in this process, DVC around it as in any run: it reads dvc.yaml, frees what it keeps from
its cache, saves, links, and decides what runs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from stages.core.digests import ROOT
from tests.cached import check_cache
from tests.growing import SETTINGS, STORES, Made, put_models, put_video, remove_video, watch, work
from tests.shell import dvc

EVERY = ["a", "b", "c"]
STAGES = ("index", "frames", "mel", "masks", "embed")
NAMES = {"${item.system}/${item.step}": "tiny/visual", "${key}": "tiny-visual", "${corpus}": "corpus"}
VALUES = Path("values.txt")


def add() -> None:
    put_video("d", 550, -3)


def change() -> None:
    put_video("b", 600, 5)


def remove() -> None:
    remove_video("a")


def nothing() -> None:
    pass


def all_of(*names: str, but: tuple[str, ...] = ()) -> Made:
    return {store: [*names] for store in STORES if store not in but}


OTHER: dict[str, Any] = {**SETTINGS, "smooth": 0.3}
HEARD: dict[str, Any] = {**OTHER, "front_ends": ["jin2021", "wang2021"]}
# What happens to the corpus, the parameters from then on, and what is made.
STEPS: dict[str, tuple[Any, dict[str, Any], Made]] = {
    "first": (nothing, SETTINGS, all_of(*EVERY)),
    "a video is added": (add, SETTINGS, all_of("d")),
    "a video is changed": (change, SETTINGS, all_of("b")),
    "a video is removed": (remove, SETTINGS, {}),
    "nothing": (nothing, SETTINGS, {}),
    "a parameter is changed": (nothing, OTHER, all_of("b", "c", "d", but=("mel/jin2021",))),
    "a front end is added": (nothing, HEARD, {"mel/wang2021": ["b", "c", "d"]}),
}


def put_corpus() -> None:
    put_models()
    for number, name in enumerate(EVERY):
        put_video(name, 300 + 100 * number, number - 1.5, "validation" if name == "c" else "train")


def trees() -> dict[str, bytes]:
    """Every file that the stages leave."""
    files = [path for folder in ("data", "metrics") for path in Path(folder).rglob("*") if path.is_file()]
    return {path.as_posix(): path.read_bytes() for path in files if path.name != ".gitignore"}


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "1")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each step leaves where everything is made from scratch."""
    left = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKERS", "1")
        patch.chdir(tmp_path_factory.mktemp("scratch"))
        put_corpus()
        for name, (happens, settings, made) in STEPS.items():
            happens()
            if made or happens is not nothing:
                for folder in ("data", "metrics", ".state"):
                    shutil.rmtree(folder, ignore_errors=True)
                for run in work(settings).values():
                    run()
            left[name] = trees()
    return left


def pipeline() -> str:
    """The per-video stages as the project's dvc.yaml has them, but for code; their values are one file."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    chosen = {name: stages[name].get("do", stages[name]) for name in STAGES}
    for stage in chosen.values():
        data = [path for path in stage["deps"] if not path.startswith(("stages/", "data/values"))]
        stage["deps"] = [str(VALUES), *data]
    text = yaml.safe_dump({"stages": chosen}, sort_keys=False)
    for word, value in NAMES.items():
        text = text.replace(word, value)
    return text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    dvc(tmp_path, "init", "--no-scm", "-q")
    put_corpus()
    Path("dvc.yaml").write_text(pipeline())
    return tmp_path


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_only_what_changed_is_made_and_all_is_as_from_scratch(
    project: Path, scratch: dict[str, dict[str, bytes]], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dvc(project, "config", "cache.type", kind)
    made: Made = {}
    watch(monkeypatch, made)
    for name, (happens, settings, expected) in STEPS.items():
        happens()
        reproduce(settings, monkeypatch)
        assert made == expected, name
        assert trees() == scratch[name], name
        check_links(kind)
        check_cache(project)
        made.clear()


def reproduce(settings: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """`dvc repro` in this folder; commands run in this process, which has torch in it already."""
    stages = work(settings)
    VALUES.write_text(repr(settings))
    with patch.context() as inside:
        inside.setattr("dvc.stage.run.cmd_run", lambda stage, **_: stages[stage.addressing]())
        with Repo() as repo:
            repo.reproduce()


def check_links(kind: str) -> None:
    files = list(Path("data").rglob("*.npy"))
    assert files
    for path in files:
        assert path.is_symlink() == (kind == "symlink")
        assert kind == "symlink" or (path.stat().st_nlink > 1) == (kind == "hardlink")


# A line more in a file of code, and what is made again: stores that its work reaches, and no others.
CODE: dict[str, tuple[str, ...]] = {
    "stages/media/extract.py": ("frames", "landmarks", "masks/filled", "embeddings/tiny/visual"),
    "stages/mel/spectrogram.py": ("mel/jin2021",),
    "stages/landmarks/landmarker.py": ("landmarks", "masks/filled"),
    "stages/masks/drawing.py": ("masks/filled",),
    "stages/finetune/model.py": ("embeddings/tiny/visual",),
    "stages/frames/__main__.py": (),
}
RUN = f"""\
import json, pathlib, sys
import pytest
from tests.growing import SETTINGS, watch, work
made, told = {{}}, []
watch(pytest.MonkeyPatch(), made)
for file in [None, *{[*CODE]}]:
    if file:
        with (pathlib.Path(sys.argv[1]) / file).open("a") as code:
            code.write("# another line\\n")
    made.clear()
    for run in work(SETTINGS).values():
        run()
    told.append(dict(made))
print(json.dumps(told))
"""


def test_a_line_of_code_makes_all_anew_that_it_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied, folder = tmp_path / "code", tmp_path / "project"
    for room in ("stages", "tests"):
        shutil.copytree(ROOT / room, copied / room, ignore=shutil.ignore_patterns("__pycache__"))
    folder.mkdir()
    monkeypatch.chdir(folder)
    put_corpus()
    monkeypatch.setenv("PYTHONPATH", str(copied))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(copied)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, *later = json.loads(done.stdout.splitlines()[-1])
    assert first == all_of(*EVERY)
    assert dict(zip(CODE, later, strict=True)) == {
        file: dict.fromkeys(stores, EVERY) for file, stores in CODE.items()
    }
