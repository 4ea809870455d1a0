"""Prompts as versioned files, demonstrations, and what is put into them. Knows no model."""
