"""What the machine refuses, a full disk or a file that may not be touched, as one sentence."""

from __future__ import annotations

import errno
import re
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SHUT = {errno.EACCES, errno.EPERM, errno.EROFS}
# Of writers that give no number: NumPy, safetensors, and torch, whose archive then fails at its end.
SAYS_FULL = re.compile(
    rf"\d+ requested and \d+ written|enforce fail at inline_container|os error ({'|'.join(map(str, FULL))})\b"
)
KEPT = "and start again: what was finished is kept"


def refusal(error: Exception) -> str | None:
    """The sentence for what a user can mend on the machine; None for all other errors."""
    number = getattr(error, "errno", None)
    where = getattr(error, "filename", None) or Path.cwd()
    if number in FULL or (number is None and SAYS_FULL.search(str(error))):
        return f"{where}: no space left on its device; free some, {KEPT}"
    if number in SHUT:
        why = str(getattr(error, "strerror", "")).lower()
        return f"{where}: {why}; let this user read and write it, {KEPT}"
    return None
