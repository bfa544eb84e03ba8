"""Read tables."""
