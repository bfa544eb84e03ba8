"""What the chapters show besides the lesson."""
