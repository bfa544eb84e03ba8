"""Read JSON files."""
