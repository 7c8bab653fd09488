"""Prediction tables beside labels, and the official measures: what trainings need of the scoring."""
