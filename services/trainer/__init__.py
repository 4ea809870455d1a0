"""The trainer: triplets become checkpoints."""
