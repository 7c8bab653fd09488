"""Stage `combine`."""
