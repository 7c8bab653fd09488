"""Stage `mel`."""
