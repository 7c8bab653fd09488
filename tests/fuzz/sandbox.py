"""Targets run in a process of their own: a crash, a hang and a hunger for memory are ends like others."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SECONDS = 15.0  # of work that a case may take
WAIT = 240.0  # seconds for it on a busy machine, at most
MOST = 700.0  # MiB a case may need beyond what is loaded


ALONE = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "WORKERS": "1"}


class End(NamedTuple):
    """How a case ended: "fine", "told", "fault", "deed", "crash" or "hang"; its words, MiB and seconds of work."""

    kind: str
    text: str
    space: float
    seconds: float


class Sandbox:
    """A worker that is started anew when it has died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, target: str, folder: Path, *arguments: Any) -> End:
        """Call `target`, "module:function", with the folder that it may write to and further arguments."""
        process = self._started()
        assert process.stdin and process.stdout
        start = time.monotonic()
        pickle.dump((target, folder, arguments), process.stdin)
        process.stdin.flush()
        before = worked(process.pid)
        while not select.select([process.stdout], [], [], 0.5)[0]:
            seconds, waited = worked(process.pid) - before, time.monotonic() - start
            if seconds > SECONDS or waited > WAIT:
                self.close()
                return End("hang", f"no end after {seconds:.0f} s of work in {waited:.0f} s", 0.0, seconds)
        try:
            return End(*pickle.load(process.stdout), worked(process.pid) - before)
        except EOFError:
            code = process.wait()
            self.process = None
            return End("crash", f"exit code {code}", 0.0, 0.0)

    def close(self) -> None:
        """End the worker."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                cwd=ROOT, env={**os.environ, **ALONE},
            )  # fmt: skip
        return self.process


def worked(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
