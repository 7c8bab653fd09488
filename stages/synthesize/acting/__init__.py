"""Who does what when: expressions and action units with their dynamics, head, gaze, speech and affect."""
