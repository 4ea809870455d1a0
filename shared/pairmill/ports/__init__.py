"""What the pipeline asks of the outside world: one Protocol a file, no vendor."""
