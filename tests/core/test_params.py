"""A stage sees what dvc.yaml declares for it, capped by the scale; an error names the key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.core.params import Strict, cap, check, flatten

DECLARED = {
    "lr": 0.001,
    "scale": "demo",
    "jin2021": {"finetune": {"lr": None, "epochs": 15, "batch_size": 64}},
    "finetune": {"jin2021-visual": {"system": "jin2021", "step": "visual", "epochs": 9, "fold": 1}},
    "scales": {"demo": {"jin2021": {"finetune": {"epochs": 3, "lr_factor": 10.0}}}},
}


class Params(Strict):
    lr: float
    epochs: int
    batch_size: int = 64
    lr_factor: float = 1.0


def test_null_inherits_the_top_level() -> None:
    assert flatten(DECLARED, "jin2021.finetune")["lr"] == 0.001


def test_own_value_wins_over_the_top_level() -> None:
    declared = DECLARED | {"jin2021": {"finetune": {"lr": 0.5, "epochs": 2}}}
    values = flatten(declared, "jin2021.finetune")
    assert {key: values[key] for key in ("lr", "epochs", "lr_factor")} == {
        "lr": 0.5,
        "epochs": 2,
        "lr_factor": 10.0,
    }


def test_a_runs_keys_stand_in_place_of_the_blocks_and_are_capped() -> None:
    declared = DECLARED | {"jin2021": {"finetune": {"lr": None, "epochs": 2, "fold": None}}}
    values = flatten(declared, "jin2021.finetune", "finetune.jin2021-visual")
    assert values == {"lr": 0.001, "epochs": 3, "fold": 1, "lr_factor": 10.0}


def test_scale_caps_and_adds() -> None:
    assert cap(
        {"epochs": 15, "width": 0.1, "depth": None}, {"epochs": 3, "width": 0.25, "depth": 18, "new": 1}
    ) == {
        "epochs": 3,
        "width": 0.1,
        "depth": 18,
        "new": 1,
    }


def test_what_is_no_number_is_replaced() -> None:
    assert cap({"extra": False, "modes": [1, 2]}, {"extra": None, "modes": [1]}) == {
        "extra": None,
        "modes": [1],
    }


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"lr": 0.1, "epochs": 2, "epoch": 3}, "jin2021.finetune.epoch"),
        ({"lr": 0.1}, "jin2021.finetune.epochs"),
        ({"lr": "fast", "epochs": 2}, "key lr:"),
    ],
    ids=["misspelt", "missing", "wrong type"],
)
def test_errors_name_the_key(values: dict[str, object], names: str) -> None:
    with pytest.raises(UserError, match=names):
        check(Params, values, "jin2021.finetune", {"lr"})


PIPELINE = """\
stages:
  finetune:
    matrix: {system: "${systems}"}
    cmd: ${python} front.py ${item.system}
    params: [lr, scale, "${item.system}.finetune", "scales.${scale}.${item.system}.finetune"]
    outs: ["out-${item.system}"]
"""
FRONT = """\
import sys
from pathlib import Path
from stages.core.params import Strict, load
from stages.core.runtime import main

class Params(Strict):
    lr: float
    epochs: int

def run():
    Path(f"out-{sys.argv[1]}").write_text(repr(load(Params, f"{sys.argv[1]}.finetune")))

main(run)
"""


def test_a_stage_run_by_dvc_reads_what_it_declares(tmp_path: Path) -> None:
    _project(tmp_path, lr="1e-4", block="lr: null, epochs: 9")
    done = _dvc(tmp_path, "repro")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out-a").read_text() == "Params(lr=0.0001, epochs=2)"


def test_a_misspelt_key_stops_the_stage_in_one_sentence(tmp_path: Path) -> None:
    _project(tmp_path, lr="0.1", block="lr: 1, epohcs: 9")
    done = _dvc(tmp_path, "repro")
    assert done.returncode != 0
    assert "error: params.yaml, key a.finetune.epohcs: is not a parameter; check the spelling" in done.stderr
    assert not (tmp_path / "out-a").exists()


def _project(folder: Path, lr: str, block: str) -> None:
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "front.py").write_text(FRONT)
    top = f"lr: {lr}\npython: {sys.executable}\nscale: demo\nsystems: [a]\n"
    own = f"a: {{finetune: {{{block}}}}}\nscales: {{demo: {{a: {{finetune: {{epochs: 2}}}}}}}}\n"
    (folder / "params.yaml").write_text(top + own)
    assert _dvc(folder, "init", "--no-scm", "-q").returncode == 0


def _dvc(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "dvc", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
