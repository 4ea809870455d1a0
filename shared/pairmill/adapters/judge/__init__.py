"""Judges: whether an image is what a query image with an instruction asks for."""
