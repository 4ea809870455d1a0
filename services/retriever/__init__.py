"""The service that answers queries: images found by image, by text or by both."""
