"""Serve the notebooks around the lesson: start, language, parameters, results."""
