"""Places for stages that run at the same time: a share of the cores and a GPU each, in process groups of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

GRACE = 10.0  # seconds that a stage has to end when told


class Slots:
    """`jobs` places; `run` takes a free one, runs a command there and tells its lines, `stop` ends all commands.

    `gpus`: what CUDA_VISIBLE_DEVICES names in each place, in turn; none: as it is around here.
    """

    def __init__(self, jobs: int, gpus: Sequence[str] = ()) -> None:
        self._stopped = False
        self._free: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        for place in range(jobs):
            self._free.put(settings(place, jobs, gpus))
        self._running: set[subprocess.Popen[str]] = set()
        self._one_at_a_time = threading.Lock()  # of who starts, who prints and who stops

    def run(self, name: str, command: Sequence[str]) -> int:
        """Run a command to its end; its lines go to standard output behind `name`; the exit code."""
        with self._place() as env, self._started(command, env) as process:
            assert process.stdout is not None
            for line in filter(str.strip, process.stdout):
                self._tell(f"{name} | {line.rstrip()}")
            return process.wait()

    def stop(self) -> None:
        """Tell all commands to end, and what they have started; kill what has not after `GRACE`."""
        with self._one_at_a_time:
            self._stopped = True
            groups = [process.pid for process in self._running]
        deadline = time.monotonic() + GRACE
        _signal(groups, signal.SIGTERM)
        while _there(groups) and time.monotonic() < deadline:
            time.sleep(0.05)
        _signal(groups, signal.SIGKILL)

    @contextmanager
    def _place(self) -> Iterator[Mapping[str, str]]:
        env = self._free.get()
        try:
            yield env
        finally:
            self._free.put(env)

    @contextmanager
    def _started(self, command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
        with self._one_at_a_time:
            if self._stopped:
                raise InterruptedError
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
        with process:
            yield process
        with self._one_at_a_time:
            self._running.discard(process)

    def _tell(self, line: str) -> None:
        with self._one_at_a_time:
            if not self._stopped:
                print(line, flush=True)


def settings(place: int, jobs: int, gpus: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a place: this one, a share of the cores for per-video work, a GPU.

    Threads of a training are a parameter, since results depend on them, and are not touched; nor are those of
    BLAS, for the same reason.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {"WORKERS": str(max(1, cores() // jobs)), **os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
    return {**env, "CUDA_VISIBLE_DEVICES": gpus[place % len(gpus)]} if gpus else env


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _signal(groups: Sequence[int], number: signal.Signals) -> None:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


def _there(groups: Sequence[int]) -> bool:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, 0)
            return True
    return False
