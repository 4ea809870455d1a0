"""The editor: images become edits, and triplets whose instruction is known."""
