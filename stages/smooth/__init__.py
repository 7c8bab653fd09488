"""Stage `smooth`."""
