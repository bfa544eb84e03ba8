"""Find checkpoints, and refuse unsafe ones."""
