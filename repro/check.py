"""Run the committed pipeline again, in clones, and compare.

    python -m repro.check                 smoke scale, twice, side by side: every out byte for byte
    python -m repro.check --keep FOLDER   the same; the two clones stay in FOLDER/first and FOLDER/second
    python -m repro.check --demo          default scale, once: metrics/ against the committed figures

Exit code 1 and one line for each file or figure that is off; the clones are then kept for a look.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from repro import compare

ROOT = Path(__file__).resolve().parents[1]
OUTER = ("DVC_", "GIT_", "PYTHONPATH")  # settings that would reach from outside into the clone
LOG = "repro.log"  # of a run, in its clone's .state


def main() -> None:
    """Run the check that the command line asks for; exit 1 if anything is off."""
    options = parse()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="check-repro-"))
    differences = (demo if options.demo else smoke)(ROOT, folder)
    if differences:
        print("\n".join(differences), f"not reproduced; the runs are in {folder}", sep="\n", file=sys.stderr)
        raise SystemExit(1)
    if not options.keep:
        shutil.rmtree(folder)
    print("reproduced")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m repro.check", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--demo", action="store_true", help="one run at the committed scale")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the clones are made and stay")
    return parser.parse_args()


def smoke(source: Path, folder: Path) -> list[str]:
    """Differences between two runs at smoke scale, each in a fresh clone with a cache of its own.

    They run side by side, a thread each: what one waits for, the other uses.
    """
    runs = side_by_side(source, folder, {"first": {}, "second": {}})
    first, second = (compare.digests(run) for run in runs.values())
    print(f"{len(first)} files in each run")
    return compare.byte_differences(first, second)


def side_by_side(source: Path, folder: Path, settings: Mapping[str, Mapping[str, str]]) -> dict[str, Path]:
    """Fresh clones in which the pipeline has run at smoke scale, all at once; environment `settings` of each by name.

    Errors: SystemExit with the log of a run that failed.
    """
    runs = {name: clone(source, folder / name) for name in settings}
    for run in runs.values():
        set_params(run, scale="smoke", threads=1)
    started = {name: start(run, settings[name]) for name, run in runs.items()}
    failed = [runs[name] for name, process in started.items() if process.wait()]
    if failed:
        raise SystemExit(f"{(failed[0] / '.state' / LOG).read_text()}\ndvc repro failed in {failed[0]}")
    return runs


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


def set_params(run: Path, **values: Any) -> None:
    """Change top-level values in the params.yaml of a clone."""
    yaml, path = YAML(), run / "params.yaml"
    params = yaml.load(path)
    params.update(values)
    yaml.dump(params, path)


def repro(run: Path, *options: str) -> None:
    """`dvc repro` in a clone; see `environment`."""
    subprocess.run(_command(*options), cwd=run, env=environment(), check=True)


def start(run: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """`dvc repro` in a clone, beside others, with further environment variables; its words in the clone's `.state`."""
    (run / ".state").mkdir(exist_ok=True)
    with (run / ".state" / LOG).open("wb") as log:
        env = {**environment(), "WORKERS": "1", **settings}
        return subprocess.Popen(_command(), cwd=run, env=env, stdout=log, stderr=subprocess.STDOUT)


def environment() -> dict[str, str]:
    """This process's, with this Python first on the path and nothing of an outer run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OUTER)}
    return {**inherited, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "dvc", "repro", *options]


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
