"""Export trained models."""
