"""Name the editions of the notebook."""

EDITIONS = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}  # their titles
