"""Stage `frames`."""
