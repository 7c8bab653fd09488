"""The one error a user is meant to read."""

from __future__ import annotations


class UserError(Exception):
    """Bad input, told in one sentence: the file and the line or key, and what to do about it."""
