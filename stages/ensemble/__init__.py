"""Stage `ensemble`."""
