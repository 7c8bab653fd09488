"""Stage `embed`."""
