"""What the stages of a name train: `outline(values, made, counts)` of each, found by the stage's name."""
