"""Prove that the editions train alike."""
