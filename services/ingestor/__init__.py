"""The ingestor: source → images. See README.md."""
