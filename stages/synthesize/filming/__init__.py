"""Videos in Aff-Wild2's layout: who plays in which, how it is filmed, and how it is annotated."""
