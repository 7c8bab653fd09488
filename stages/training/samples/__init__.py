"""Labelled faces, stills and tracks: what training and prediction read, and how batches are drawn."""
