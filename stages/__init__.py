"""Facial action units, expressions and valence/arousal in video, as stages of one DVC pipeline."""
