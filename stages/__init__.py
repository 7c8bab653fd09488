"""Facial action units, expressions and valence/arousal in video, as stages of one DVC pipeline."""

import os

# Threads that wait for each other sleep instead of spinning: beside other work a training takes a seventh of the time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
