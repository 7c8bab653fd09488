"""What faces do: expressions as combinations of action units, and movements that are no expression.

Combinations follow EMFACS (Friesen & Ekman 1983; the FACS Investigator's Guide, 2002, table 10-1) and the
variants seen in people. Numbers are relative intensities, 0..1, of a full-blown expression.
"""

from __future__ import annotations

Movement = dict[str, float]

NEUTRAL = "Neutral"

PROTOTYPES: dict[str, tuple[Movement, ...]] = {
    "Anger": (
        {"AU4": 1.0, "AU5": 0.8, "AU7": 0.6, "AU23": 0.9},
        {"AU4": 1.0, "AU7": 0.6, "AU24": 0.9, "AU17": 0.4},
        {"AU4": 1.0, "AU5": 0.6, "AU7": 0.6, "AU10": 0.7, "AU23": 0.5, "AU25": 0.7, "AU26": 0.35},
        {"AU4": 1.0, "AU7": 0.7, "AU23": 0.8, "AU24": 0.6},
        {"AU4": 1.0, "AU5": 0.5, "AU7": 0.6, "AU17": 0.6, "AU24": 1.0},
    ),
    "Disgust": (
        {"AU9": 1.0, "AU4": 0.5, "AU7": 0.6, "AU10": 0.6, "AU17": 0.4},
        {"AU10": 1.0, "AU9": 0.6, "AU7": 0.5, "AU25": 0.6},
        {"AU9": 0.9, "AU10": 0.8, "AU15": 0.5, "AU17": 0.6, "AU6": 0.4},
        {"AU10": 1.0, "AU9": 0.7, "AU4": 0.6, "AU7": 0.6, "AU25": 0.7, "AU26": 0.5},
    ),
    "Fear": (
        {"AU1": 1.0, "AU2": 0.7, "AU4": 0.8, "AU5": 1.0, "AU20": 0.9, "AU25": 0.8},
        {"AU1": 1.0, "AU2": 0.6, "AU4": 0.7, "AU5": 1.0, "AU20": 0.7, "AU25": 0.8, "AU26": 0.6},
        {"AU1": 1.0, "AU2": 0.5, "AU4": 0.9, "AU5": 0.9, "AU7": 0.4, "AU20": 0.8},
    ),
    "Happiness": (
        {"AU6": 0.9, "AU12": 1.0},
        {"AU6": 0.8, "AU12": 1.0, "AU25": 1.0},
        {"AU12": 1.0, "AU25": 0.9},
        {"AU6": 1.0, "AU7": 0.6, "AU12": 1.0, "AU25": 0.9, "AU26": 0.6},
        {"AU12": 0.9},
        {"AU6": 0.8, "AU7": 0.7, "AU10": 0.4, "AU12": 1.0, "AU25": 0.9},
    ),
    "Sadness": (
        {"AU1": 1.0, "AU4": 0.7, "AU15": 0.9},
        {"AU1": 0.9, "AU4": 0.6, "AU15": 0.9, "AU17": 0.6},
        {"AU1": 1.0, "AU4": 0.7, "AU43": 0.3, "AU17": 0.5},
        {"AU1": 0.8, "AU4": 0.7, "AU6": 0.5, "AU7": 0.4, "AU15": 0.8, "AU17": 0.4},
        {"AU1": 1.0, "AU4": 0.7, "AU25": 0.5, "AU43": 0.2},
    ),
    "Surprise": (
        {"AU1": 1.0, "AU2": 1.0, "AU5": 0.8, "AU25": 0.8, "AU26": 0.9},
        {"AU1": 0.9, "AU2": 1.0, "AU25": 0.6, "AU26": 0.7},
        {"AU1": 1.0, "AU2": 1.0, "AU5": 0.9, "AU25": 0.6, "AU26": 0.4},
        {"AU1": 1.0, "AU2": 1.0, "AU5": 1.0, "AU25": 1.0, "AU27": 0.8},
    ),
}

# Movements that tell no basic expression: conversation, effort, discomfort, habit.
GESTURES: tuple[Movement, ...] = (
    {"AU1": 0.8, "AU2": 0.8},
    {"AU1": 0.8},
    {"AU2": 0.8},
    {"AU4": 0.8},
    {"AU4": 0.7, "AU7": 0.8},
    {"AU6": 0.9},
    {"AU6": 0.7, "AU7": 0.7},
    {"AU4": 0.6, "AU6": 0.8, "AU7": 0.8, "AU43": 0.2},
    {"AU7": 0.9},
    {"AU7": 0.7, "AU10": 0.5},
    {"AU9": 0.7},
    {"AU10": 0.9},
    {"AU10": 0.7, "AU25": 0.7},
    {"AU6": 0.6, "AU10": 0.8, "AU25": 0.6},
    {"AU12": 0.6, "AU24": 0.6},
    {"AU12": 0.6, "AU15": 0.6},
    {"AU12": 0.5, "AU17": 0.4, "AU23": 0.6},
    {"AU14": 0.9},
    {"AU15": 0.9},
    {"AU15": 0.8, "AU17": 0.7},
    {"AU1": 0.7, "AU2": 0.7, "AU15": 0.8, "AU17": 0.7},
    {"AU17": 0.8},
    {"AU18": 0.8},
    {"AU18": 0.6, "AU23": 0.6, "AU25": 0.5},
    {"AU20": 0.8, "AU25": 0.6},
    {"AU23": 0.9},
    {"AU23": 0.7, "AU25": 0.5},
    {"AU24": 0.9},
    {"AU17": 0.6, "AU24": 0.8},
    {"AU4": 0.6, "AU24": 0.7},
    {"AU16": 0.6, "AU25": 0.7},
    {"AU25": 0.6},
    {"AU25": 0.9},
    {"AU25": 0.7, "AU26": 0.7},
    {"AU25": 0.9, "AU27": 0.8},
    {"AU5": 0.7},
)

# Movements that cannot be full at once: the second yields to the first (share it loses at full
# intensity), pair by pair in this order.
OPPOSED: tuple[tuple[str, str, float], ...] = (
    ("AU24", "AU25", 1.0), ("AU24", "AU26", 1.0), ("AU24", "AU27", 1.0), ("AU24", "AU18", 0.8),
    ("AU23", "AU27", 0.8), ("AU23", "AU20", 0.8), ("AU23", "AU26", 0.4),
    ("AU18", "AU20", 1.0), ("AU18", "AU12", 0.6),
    ("AU12", "AU15", 0.4), ("AU43", "AU5", 1.0), ("AU27", "AU26", 1.0),
    ("AU27", "AU17", 0.9), ("AU26", "AU17", 0.6),
)  # fmt: skip
