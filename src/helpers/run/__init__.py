"""Run notebooks headless, and show what came out."""
