"""What every stage needs: parameters, errors, files, the per-video store, model cards."""
