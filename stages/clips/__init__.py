"""Stage `clips`."""
