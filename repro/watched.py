"""`make repro` in a process group of its own, watched stage by stage, and killed when told."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from repro.check import LOG, environment
from repro.heal import heal

PLANNING = "planning"  # DVC before its first stage
STARTED = re.compile(r"Running stage '([^']+)'")
GONE_WITHIN = 20.0  # seconds in which a killed group has left the machine


class Watched:
    """A run of DVC, of some stages or all, what a kill has torn mended first; `stages` yields names as they start.

    Its words go to the clone's log.
    """

    def __init__(self, clone: Path, *targets: str) -> None:
        (clone / ".state").mkdir(exist_ok=True)
        heal(clone)
        self.log = (clone / ".state" / LOG).open("a", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", *targets],
            cwd=clone,
            env={**environment(), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )

    def stages(self) -> Iterator[str]:
        """`planning`, then each stage as DVC starts it, until the run ends."""
        yield PLANNING
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.write(line)
            if found := STARTED.search(line):
                yield found[1]

    def kill(self) -> bool:
        """SIGKILL the group, wait until none of it is left; False where the run had ended by itself."""
        if self.process.poll() is not None:
            return False
        os.killpg(self.process.pid, signal.SIGKILL)
        rest, _ = self.process.communicate()
        self.log.write(f"{rest}\n── killed ──\n")
        self.log.close()
        _wait_until_gone(self.process.pid)
        return True

    def end(self) -> int:
        """Wait for the end; the exit code."""
        rest, _ = self.process.communicate()
        self.log.write(rest)
        self.log.close()
        return self.process.returncode


def durations(clone: Path, *targets: str) -> dict[str, float]:
    """Run the pipeline, or some stages of it, undisturbed; seconds from the start of each to that of the next.

    Errors: SystemExit where the run fails.
    """
    run = Watched(clone, *targets)
    times = [(stage, time.monotonic()) for stage in run.stages()]
    if run.end():
        raise SystemExit(f"dvc repro failed in {clone}; its words are in {clone / '.state' / LOG}")
    ends = [*(moment for _, moment in times[1:]), time.monotonic()]
    return {stage: end - begun for (stage, begun), end in zip(times, ends, strict=True)}


def _wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise SystemExit(f"process group {group} is still there {GONE_WITHIN:.0f} s after SIGKILL")
