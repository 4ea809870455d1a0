"""The indexer: features become the vectors that are searched."""
