"""Captioner: an uncaptioned image becomes a caption."""
