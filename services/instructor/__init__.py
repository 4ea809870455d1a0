"""The instructor: descriptions become triplets."""
