"""Stage `masks`."""
