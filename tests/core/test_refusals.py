"""A disk that is full or read only: one sentence, all that was finished stays, and the next run goes on."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from stages.core.digests import ROOT
from stages.core.refusals import refusal
from tests.small_disk import TOOLS, can_mount, on_small_disk

needs_mount = pytest.mark.skipif(not can_mount(), reason="no mounts without root here")
FULL = re.compile(
    r"error: \S+: no space left on its device; free some, and start again: what was finished is kept"
)

WRITERS = """\
import json
import numpy as np, pandas as pd, torch
from safetensors.torch import save_file
from stages.core.files import write_json, write_parquet
from stages.core.mapped import new_array
from stages.core.pictures import write_png

noise = np.random.default_rng(0).random(300_000)
image = (255 * noise[:270_000]).astype(np.uint8).reshape(300, 300, 3)
writers = {
    "npy": lambda: np.save("a.npy", noise),
    "torch": lambda: torch.save({"a": torch.from_numpy(noise)}, "a.pt"),
    "safetensors": lambda: save_file({"a": torch.from_numpy(noise)}, "a.safetensors"),
    "parquet": lambda: write_parquet(Path("a.parquet"), pd.DataFrame({"a": noise})),
    "json": lambda: write_json(Path("a.json"), noise.tolist(), None),
    "png": lambda: write_png(Path("a.png"), image),
    "mapped": lambda: new_array(Path("mapped.npy"), np.float64, noise.shape).fill(1.0),
}
told = {}
for name, write in writers.items():
    told[name] = refused(write)
    for path in Path().glob("*a.*"):
        assert path.name in ("a.npy", "a.pt", "a.safetensors"), path  # others are whole or absent
    for path in [*Path().glob("a.*"), *Path().glob("mapped.*")]:
        path.unlink()
print(json.dumps(told))
"""


def check_told(printed: str) -> None:
    told = json.loads(printed)
    assert len(told) == 7
    assert [name for name, sentence in told.items() if not FULL.fullmatch(sentence or "")] == []


@needs_mount
def test_every_writer_tells_of_a_full_disk(tmp_path: Path) -> None:
    check_told(on_small_disk(tmp_path / "disk", "200k", WRITERS))


def test_every_writer_tells_of_a_file_that_may_not_grow(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{TOOLS}{WRITERS}"]
    done = subprocess.run(
        command, cwd=tmp_path, preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    check_told(done.stdout)


VIDEOS = """\
import json
from tests.growing import SETTINGS, put_models, put_video, work
os.environ["WORKERS"] = {workers!r}
put_models()
put_video("a", 300, 1), put_video("b", 400, 2, "validation")
for run in work(SETTINGS).values():
    run()

def stores():
    return {{str(path): path.read_bytes() for path in Path("data").rglob("*.npy")}}

before = stores()
put_video("c", 500, 3), put_video("d", 600, 4)
told = {{}}
for name, run in work(SETTINGS).items():
    if name != "index":
        leave({{"frames": 60_000, "mel": 20_000}}.get(name, 8_000))
        told[name] = refused(run)
        assert before.items() <= stores().items(), name  # what had room is new
        free()
    run()
    before |= stores()
for name in ("frames", "embed"):
    mount("ro")
    for path in [*Path("data/index").iterdir()]:
        assert path.exists()
    told["read only " + name] = refused(work(SETTINGS)[name])
    assert stores() == before
    mount("rw")
print(json.dumps(told))
"""


@needs_mount
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_disk_that_fills_up_or_is_read_only_costs_no_finished_video(tmp_path: Path, workers: str) -> None:
    told = json.loads(
        on_small_disk(tmp_path / "disk", "16m", VIDEOS.format(workers=workers)).splitlines()[-1]
    )
    shut = {name: told.pop(name) for name in [*told] if name.startswith("read only")}
    assert {*told} == {"frames", "mel", "masks", "embed"}
    assert [name for name, sentence in told.items() if not FULL.fullmatch(sentence or "")] == []
    for sentence in shut.values():
        assert re.fullmatch(
            r"error: \S*data/\S+: read-only file system; let this user read and write it, .*", sentence
        )


TRAINING = """\
from tests.killing import contents
from tests.training.test_stages import train
from tests.world import build_world
from stages.training.checkpoints import outs_of

build_world(Path())
train_it = lambda: train("visual")
paths = [*vars(outs_of("x", "visual")).values()]
train_it()
whole = contents(paths)
for path in paths:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
room, told = 100_000, []
while True:
    leave(room)
    sentence = refused(train_it)
    free()
    if sentence is None:
        break
    told.append(sentence)
    assert not contents(paths), "an out was written before the run was whole"
    room += 3_000_000
assert contents(paths) == whole
print(*told, sep="\\n")
"""


@needs_mount
def test_a_training_on_a_full_disk_goes_on_when_there_is_room(tmp_path: Path) -> None:
    told = on_small_disk(tmp_path / "disk", "120m", TRAINING).splitlines()
    assert len(told) > 2
    assert [line for line in told if not FULL.fullmatch(line)] == []


def test_a_file_of_somebody_else_is_named_and_a_mistake_is_no_refusal() -> None:
    told = refusal(PermissionError(13, "Permission denied", "data/frames/a.npy"))
    assert told and told.startswith("data/frames/a.npy: permission denied; let this user read and write it")
    assert refusal(ValueError("wrong")) is None and refusal(FileNotFoundError(2, "none", "x")) is None
