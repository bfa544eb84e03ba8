"""Read texts with marked spans."""
