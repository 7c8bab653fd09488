"""What one piece of work costs in a process of its own: python -m benchmarks.full_size.fresh REPORT MODULE [ARGUMENT …]

Memory is that of this process; of work on memory-mapped arrays the pages that the system may take back at any time
(RssFile) do not count, nor can their peak be told from the others': it is sampled.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
import time
from pathlib import Path

STATUS = Path("/proc/self/status")
PAUSE = 0.01  # seconds between samples


def main() -> None:
    """Run the module as `python -m` does, then write its figures: wall and cpu in s, peak and own memory in GiB."""
    report, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    samples = [0.0]
    threading.Thread(target=_sample, args=(samples,), daemon=True).start()
    start = time.perf_counter()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        wall = time.perf_counter() - start
        figures = {"wall": wall, "cpu": time.process_time(), "peak": _memory("VmHWM"), "own": samples[0]}
        Path(report).write_text(json.dumps(figures))


def _sample(samples: list[float]) -> None:
    while True:
        samples[0] = max(samples[0], _memory("RssAnon"))
        time.sleep(PAUSE)


def _memory(name: str) -> float:
    return int(STATUS.read_text().split(f"{name}:")[1].split()[0]) / 2**20


if __name__ == "__main__":
    main()
