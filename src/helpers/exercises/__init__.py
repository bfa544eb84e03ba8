"""Check the exercises."""
