"""Aff-Wild2 on disk: releases, annotations, splits, the frame table."""
