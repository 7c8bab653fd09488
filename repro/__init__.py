"""Checks that the pipeline reproduces: same bytes twice, the committed figures again, a true dvc.lock."""
