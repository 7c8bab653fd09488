"""Measures, predictions beside labels, halves of the validation videos, chance."""
