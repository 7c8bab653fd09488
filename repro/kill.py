"""The smoke pipeline, killed again and again at random moments, must end in the bytes of one that nobody killed.

    python -m repro.kill [--count 50] [--seed 1]

A clone runs undisturbed; then, in fresh clones, SIGKILL goes to DVC and all that it has started, at moments drawn
over the stages and within them (DVC's own saving and planning too), and `dvc repro` is started again.
Exit code 1 and one line for each file that is not as in the undisturbed run, and for each epoch or item that was
finished before a kill and done again after it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from repro import compare
from repro.check import LOG, ROOT, clone, set_params
from repro.finished import repeated
from repro.watched import Watched, durations

Moment = tuple[str, float]  # stage, and seconds after its start


def main() -> None:
    """Kill as often as the command line asks for; exit 1 if anything is off."""
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="check-kill-"))
    problems = kills(folder, options.count, np.random.default_rng(options.seed))
    if problems:
        print(
            "\n".join(problems),
            f"not as if never killed; the runs are in {folder}",
            sep="\n",
            file=sys.stderr,
        )
        raise SystemExit(1)
    shutil.rmtree(folder)
    print("as if never killed")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m repro.kill", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=50, help="kills")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    return parser.parse_args()


def kills(folder: Path, count: int, random: np.random.Generator) -> list[str]:
    """What is off after `count` kills, in as many clones as they need: at most one kill a stage and clone."""
    whole = smoke(folder / "whole")
    times = durations(whole)
    expected, problems, done = compare.digests(whole), [], 0
    while done < count:
        run = smoke(folder / f"killed{done}")
        delivered = killed_run(run, moments(times, count - done, random))
        done += sum(delivered.values())
        found = compare.byte_differences(expected, compare.digests(run)) + repeated(run / ".state" / LOG)
        problems += [f"{run.name}: {line}" for line in found]
        print(f"{done} kills; {len(problems)} differences", file=sys.stderr)
        if not found:
            shutil.rmtree(run)
    return problems


def smoke(target: Path) -> Path:
    """A fresh clone at smoke scale."""
    run = clone(ROOT, target)
    set_params(run, scale="smoke", threads=1)
    return run


def moments(times: Mapping[str, float], most: int, random: np.random.Generator) -> list[Moment]:
    """At most one a stage, in the order of the stages, each uniform over its time."""
    chosen = np.sort(random.permutation(len(times))[:most])
    stages = list(times.items())
    return [(stages[n][0], float(random.uniform(0, stages[n][1]))) for n in chosen]


def killed_run(clone: Path, planned: list[Moment], *targets: str) -> Counter[str]:
    """Run to the end, of some stages or all, through the kills planned; how many of them each stage had.

    Errors: SystemExit where a run fails by itself.
    """
    delivered: Counter[str] = Counter()
    for planned_in, delay in planned:
        run = Watched(clone, *targets)
        for stage in run.stages():
            if stage == planned_in:
                time.sleep(delay)
                delivered[stage] += run.kill()
                break
        else:
            run.end()  # the stage was done, after a kill in the saving of the one before
    run = Watched(clone, *targets)
    list(run.stages())
    if run.end():
        raise SystemExit(f"dvc repro failed after a kill; its words are in {clone / '.state' / LOG}")
    return delivered


if __name__ == "__main__":
    main()
