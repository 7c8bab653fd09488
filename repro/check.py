"""Run the committed pipeline again, in temporary clones, and compare.

    python -m repro.check          smoke scale, twice: every out byte for byte
    python -m repro.check --demo   default scale, once: metrics/ against the committed figures

Exit code 1 and one line for each file or figure that is off; the clones are then kept for a look.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

from repro import compare

ROOT = Path(__file__).resolve().parents[1]
OUTER = ("DVC_", "GIT_", "PYTHONPATH")  # settings that would reach from outside into the clone


def main() -> None:
    """Run the check that the command line asks for; exit 1 if anything is off."""
    if sys.argv[1:] not in ([], ["--demo"]):
        raise SystemExit(f"usage: {__doc__}")
    folder = Path(tempfile.mkdtemp(prefix="check-repro-"))
    differences = (demo if "--demo" in sys.argv else smoke)(ROOT, folder)
    if differences:
        print("\n".join(differences), f"not reproduced; the runs are in {folder}", sep="\n", file=sys.stderr)
        raise SystemExit(1)
    shutil.rmtree(folder)
    print("reproduced")


def smoke(source: Path, folder: Path) -> list[str]:
    """Differences between two runs at smoke scale, each in a fresh clone with a cache of its own."""
    runs = [clone(source, folder / name) for name in ("first", "second")]
    for run in runs:
        set_scale(run / "params.yaml", "smoke")
        repro(run)
    first, second = (compare.digests(run) for run in runs)
    print(f"{len(first)} files in each run")
    return compare.byte_differences(first, second)


def demo(source: Path, folder: Path) -> list[str]:
    """Differences between the committed figures and a run of the committed code and parameters."""
    run = clone(source, folder / "demo")
    committed = compare.figures(run)
    repro(run, "--force")
    again = compare.figures(run)
    print(f"{len(committed)} figures")
    return compare.figure_differences(committed, again)


def clone(source: Path, target: Path) -> Path:
    """A clone of what is committed; says so where the working tree holds more."""
    if _git(source, "status", "--porcelain", "--untracked-files=no"):
        print(f"note: {source} has uncommitted changes; the check runs what is committed", file=sys.stderr)
    _git(source, "clone", "--quiet", "--no-hardlinks", str(source), str(target))
    return target


def set_scale(params: Path, scale: str) -> None:
    """Change the scale in a params.yaml."""
    yaml = YAML()
    values = yaml.load(params)
    values["scale"] = scale
    yaml.dump(values, params)


def repro(run: Path, *options: str) -> None:
    """`dvc repro` in a clone, with this Python first on the path and nothing of an outer run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OUTER)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", *options]
    subprocess.run(command, cwd=run, env={**inherited, "PATH": path}, check=True)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
