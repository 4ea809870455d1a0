"""Towers, heads, retrievers, losses and the training loop. They know no store and no stage."""
