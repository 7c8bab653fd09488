"""Does dvc.lock belong to the code, parameters and metrics that are here? Run: python -m repro.lock

Asks DVC what it would run, data that is not here taken as it stands in the lock: so it works in a clone
without data. DVC's exit code is 0 either way.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Exit 1 and name the stages that are out of date."""
    lines = [f"{stage}: out of date, run dvc repro and commit dvc.lock" for stage in outdated(ROOT)]
    lines += [f"{stage}: in dvc.lock but not in dvc.yaml, remove its entry" for stage in orphans(ROOT)]
    if lines:
        print(*lines, sep="\n")
        raise SystemExit(1)
    print("dvc.lock belongs to the code")


def outdated(root: Path) -> list[str]:
    """Names of the stages that `dvc repro` would run. Exits with DVC's words where it fails."""
    printed = _dvc(root, "repro", "--dry", "--allow-missing")
    return [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")]


def orphans(root: Path) -> list[str]:
    """Names in dvc.lock of stages that dvc.yaml no longer has: DVC leaves them and their outs there."""
    locked = YAML(typ="safe").load(root / "dvc.lock")["stages"]
    return sorted({*locked} - {*_dvc(root, "stage", "list", "--name-only").split()})


def _dvc(root: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
