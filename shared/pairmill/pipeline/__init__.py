"""What every stage shares: the plan, shards, outputs, commits, checkpoints and progress."""
