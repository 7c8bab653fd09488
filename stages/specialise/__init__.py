"""Stage `specialise`."""
