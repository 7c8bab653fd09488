"""A process that runs targets one after the other and tells how each ended: `python -m tests.fuzz.worker`.

Reads pickled (target, arguments) from stdin, writes pickled (kind, text, MiB) to what stdout was.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from stages.core.errors import UserError

SPACE = 8 << 30  # bytes beyond what is mapped at the start: more than that fails before it harms the machine
RUNS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Watch:
    """What a target must not do: start a program, open a socket, write outside its folder."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event.startswith(RUNS):
            self.seen.append(f"{event} {arguments!r}"[:200])
        if event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & WRITING:
            path = Path(os.fsdecode(arguments[0]))
            if not path.resolve().is_relative_to(self.folder) and path != Path(os.devnull):
                self.seen.append(f"writes {path}"[:200])


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there is nothing more to read."""
    watch = Watch()
    sys.addaudithook(watch)
    while True:
        try:
            target, folder, arguments = pickle.load(requests)
        except EOFError:
            return
        called = named(target)
        tempfile.tempdir = str(folder)
        before = forget_peak()
        watch.folder, watch.seen = folder.resolve(), []
        kind, text = attempt(called, folder, arguments)
        watch.folder = None
        space = (memory("VmHWM") - before) / 1024
        if watch.seen:
            kind, text = "deed", "; ".join(watch.seen)
        pickle.dump((kind, text, space), answers)
        answers.flush()


def named(target: str) -> Callable[..., object]:
    """A function by "module:name"."""
    module, _, name = target.partition(":")
    found: Callable[..., object] = getattr(import_module(module), name)
    return found


def attempt(called: Callable[..., object], folder: Path, arguments: tuple[Any, ...]) -> tuple[str, str]:
    """How a call ended: "fine", "told" (a UserError, with its words) or "fault"."""
    try:
        called(folder, *arguments)
    except UserError as error:
        return "told", str(error)
    except BaseException:
        return "fault", traceback.format_exc()
    return "fine", ""


def forget_peak() -> int:
    """Let the peak of memory begin anew; KiB in use."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def memory(name: str) -> int:
    """A line of /proc/self/status, KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    limit = memory("VmSize") * 1024 + SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed goes to stderr
    serve(sys.stdin.buffer, answers)
