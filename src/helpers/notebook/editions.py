"""Name the editions of the notebook."""

EDITIONS = {"pytorch": "PyTorch", "keras": "Keras", "tensorflow": "TensorFlow"}  # their titles
MAIN = ("pytorch", "keras")  # those that share the main environment
