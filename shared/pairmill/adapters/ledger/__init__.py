"""Ledgers: who works on what, and how often it was tried. They can be emptied at any time."""
