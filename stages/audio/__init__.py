"""Stage `audio`."""
