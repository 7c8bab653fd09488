"""Commands as a user types them, in a folder, with this Python first on the path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repro.check import environment


def run(folder: Path, *command: str) -> str:
    """Standard output of a command that has to succeed."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dvc(folder: Path, *words: str) -> str:
    """Standard output of a DVC command."""
    return run(folder, sys.executable, "-m", "dvc", *words)


def started(printed: str) -> list[str]:
    """Names of the stages that a run of DVC has started, from what it printed."""
    return [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")]
