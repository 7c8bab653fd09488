"""A small disk of its own for a script: it may fill up, or be read only."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

from stages.core.digests import ROOT

BALLAST = "ballast"
INSIDE = ("unshare", "--map-root-user", "--mount", "sh", "-c")
# What scripts may use: they run in the disk.
TOOLS = f"""\
import os, shutil, subprocess, sys
from pathlib import Path

def leave(room):
    "Fill the disk up to `room` bytes."
    Path({BALLAST!r}).unlink(missing_ok=True)
    with open({BALLAST!r}, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(".").free - room))

def free():
    Path({BALLAST!r}).unlink()

def mount(how):
    subprocess.run(["mount", "-o", f"remount,{{how}}", os.getcwd()], check=True)

def refused(run):
    "The sentence that a front door ends with; None where it does its work."
    import contextlib, io
    from stages.core.runtime import main
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            main(run)
    except SystemExit as error:
        assert error.code == 2
        return told.getvalue().splitlines()[-1]
"""


@functools.cache
def can_mount() -> bool:
    """Whether this machine lets a user have a mount of his own."""
    try:
        return (
            subprocess.run(
                [*INSIDE, "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False
            ).returncode
            == 0
        )
    except FileNotFoundError:
        return False


def on_small_disk(folder: Path, size: str, script: str) -> str:
    """What a script prints that runs in a disk of `size` (as mount has it), mounted at a folder for as long."""
    folder.mkdir()
    command = f'mount -t tmpfs -o size={size} tmpfs "$0" && cd "$0" && exec "$1" -c "$2"'
    words = [*INSIDE, command, str(folder), sys.executable, TOOLS + script]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
