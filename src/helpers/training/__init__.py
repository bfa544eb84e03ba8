"""Train fast, alike in both frameworks, and resume."""
