"""Fetch from the Hub and push to it."""
