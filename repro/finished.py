"""Work that was finished before a kill and done again after it, read from what the runs said."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from repro.watched import STARTED

EPOCH = re.compile(r"^(epoch \d+)/\d+ ")


def repeated(log: Path) -> list[str]:
    """One line for each epoch of a stage that the log tells more than once."""
    stage, seen = "", Counter[tuple[str, str]]()
    for line in log.read_text(encoding="utf-8").splitlines():
        if started := STARTED.search(line):
            stage = started[1]
        elif epoch := EPOCH.match(line):
            seen[stage, epoch[1]] += 1
    return [f"{stage}, {epoch}: done {times} times" for (stage, epoch), times in seen.items() if times > 1]
