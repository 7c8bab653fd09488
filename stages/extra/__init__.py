"""Stage `extra`."""
