"""Stage `predict`."""
