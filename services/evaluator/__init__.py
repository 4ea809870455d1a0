"""The evaluator: a checkpoint becomes figures."""
