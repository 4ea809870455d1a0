"""Ablations: the same pipeline with one thing changed at a time, over several seeds."""
