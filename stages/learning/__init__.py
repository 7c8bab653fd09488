"""Losses, samplers, augmentation, the training loop, measures, selection."""
