"""Stage `sequence`."""
