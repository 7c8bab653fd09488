"""The pipeline with several stages at the same time, each through DVC; same bytes, same dvc.lock as one by one.

    python -m repro.parallel --jobs 2                        all that has changed
    python -m repro.parallel --jobs 4 --gpus 0,1 STAGE …     some stages and what they read from; a GPU a job, in turn

A stage starts once all that it reads from is done: `dvc repro --single-item` decides whether it has anything to do,
runs it, and saves it. DVC holds its lock while it plans and saves, and not while a stage runs. A stage that fails
stops what waits for it, and nothing else. Exit code 2 and one sentence then; 130 after Ctrl-C, which stops all.
"""

from __future__ import annotations

import argparse
import signal
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from dvc.exceptions import DvcException
from ruamel.yaml import YAML

from repro.heal import heal
from repro.planned import Plan, locked, plan, put_in_order
from repro.slots import Slots, cores
from stages.core.errors import UserError
from stages.core.runtime import log, main

DVC = (sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item")
PARAMS = Path("params.yaml")
STOPPED = 130  # as a shell tells of Ctrl-C


def run() -> None:
    """What the command line asks for, in this folder."""
    options = parse()
    # SIGINT too: a shell that starts something in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    jobs = options.jobs or len(options.gpus) or 1
    advise(jobs)
    try:
        failed = reproduce(options.targets, Slots(jobs, options.gpus), jobs, options.force)
    except KeyboardInterrupt:
        print("error: stopped; started again, it goes on where it was", file=sys.stderr)
        raise SystemExit(STOPPED) from None
    except DvcException as error:
        raise UserError(" ".join(str(error).split())) from error
    if failed:
        raise UserError(failed)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m repro.parallel", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("targets", nargs="*", metavar="STAGE", help="stages of dvc.yaml; none: all")
    parser.add_argument("--jobs", type=_count, help="stages at a time; by default one, or one a GPU")
    parser.add_argument(
        "--gpus", type=_names, default=[], help="numbers of GPUs, e.g. 0,1: jobs get them in turn"
    )
    parser.add_argument("--force", action="store_true", help="also what has not changed")
    return parser.parse_args()


def advise(jobs: int) -> None:
    """Say where the trainings' threads are more than the cores: both would wait for each other."""
    threads = YAML(typ="safe").load(PARAMS).get("threads", 1) if PARAMS.exists() else 1
    if jobs > 1 and jobs * threads > cores():
        log.print(
            f"note: {jobs} jobs of {threads} threads on {cores()} cores; with `threads: {max(1, cores() // jobs)}` "
            "in params.yaml a core has one each (results are then that number's)"
        )


def reproduce(targets: list[str], slots: Slots, jobs: int, force: bool = False) -> str:
    """Run what has to be run; one sentence on what failed, empty where all is done."""
    for line in heal(Path()):
        log.print(line)
    todo, before = plan(targets, force), locked()
    log.print(f"{len(todo.unchanged)} of {len(todo.order)} stages have not changed")
    try:
        failed = Schedule(todo, slots, jobs, force).run()
    except BaseException:
        heal(Path())  # what was stopped while it was being written
        raise
    finally:
        put_in_order(before, todo.order)
    return sentence(todo, failed) if failed else ""


class Schedule:
    """Stages that have all they need, those first for which most others wait; `run` returns the names that failed."""

    def __init__(self, todo: Plan, slots: Slots, jobs: int, force: bool) -> None:
        self._slots, self._jobs, self._options = slots, jobs, ("--force",) if force else ()
        self._rank = {name: (-len(todo.readers(name)), n) for n, name in enumerate(todo.order)}
        self._sorter = TopologicalSorter(todo.needs)
        self._sorter.prepare()
        self._ready: list[str] = []
        self._done = len(todo.unchanged)
        self._collect(todo.unchanged)

    def run(self) -> list[str]:
        """Errors: KeyboardInterrupt, once all that was running has ended."""
        failed: list[str] = []
        running: dict[Future[int], str] = {}
        with ThreadPoolExecutor(self._jobs) as pool:
            try:
                while running or self._ready:
                    self._start(pool, running)
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        failed += self._end(running.pop(done), done.result())
            except BaseException:
                self._slots.stop()
                raise
        return failed

    def _start(self, pool: ThreadPoolExecutor, running: dict[Future[int], str]) -> None:
        self._ready.sort(key=self._rank.__getitem__)
        while self._ready and len(running) < self._jobs:
            name = self._ready.pop(0)
            running[pool.submit(self._slots.run, name, (*DVC, *self._options, name))] = name

    def _end(self, name: str, code: int) -> list[str]:
        if code:
            return [name]  # never done: what waits for it is never ready
        self._sorter.done(name)
        self._collect(frozenset())
        self._done += 1
        log.print(f"{name}: done, {self._done} of {len(self._rank)}")
        return []

    def _collect(self, unchanged: frozenset[str]) -> None:
        while new := self._sorter.get_ready():
            self._ready += [name for name in new if name not in unchanged]
            self._sorter.done(*(name for name in new if name in unchanged))


def sentence(todo: Plan, failed: list[str]) -> str:
    """What failed, and what was not run because of it."""
    waiting = set().union(*(todo.readers(name) for name in failed)) - {*failed}
    told = f"{', '.join(failed)} failed, see the lines that begin so"
    return f"{told}; not run because of it: {', '.join(n for n in todo.order if n in waiting) or 'nothing'}"


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word} is no number of jobs; name one from 1 up")
    return int(word)


def _names(words: str) -> list[str]:
    return [word for word in words.split(",") if word]


if __name__ == "__main__":
    main(run)
