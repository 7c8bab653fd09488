"""Stage `landmarks`."""
