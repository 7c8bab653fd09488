"""The one training loop: recipe, losses, checkpoints, visual models and windows."""
