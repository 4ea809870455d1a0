"""Ablations: what is asked for, notes by hand, and the page that is made of a result."""
