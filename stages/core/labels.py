"""Names and order of what is recognised (ABAW2 2021: 12 AUs, 7 expressions, valence/arousal)."""

from __future__ import annotations

AU_NAMES = ("AU1", "AU2", "AU4", "AU6", "AU7", "AU10", "AU12", "AU15", "AU23", "AU24", "AU25", "AU26")
EXPRESSIONS = ("Neutral", "Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")
VA_NAMES = ("valence", "arousal")
LABELS = (*AU_NAMES, "expression")  # columns of codes
TASKS = ("AU", "EXPR", "VA")
SPLITS = ("train", "validation")

AU_LOGITS = tuple(f"logit_{name}" for name in AU_NAMES)
EXPRESSION_LOGITS = tuple(f"logit_{name}" for name in EXPRESSIONS)
PREDICTION_COLUMNS = ("trial", "frame", *AU_LOGITS, *EXPRESSION_LOGITS, *VA_NAMES)

MISSING = -1  # in AU and expression columns
