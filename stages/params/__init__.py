"""The values of params.yaml that are in force: shown, and written for DVC to compare."""
