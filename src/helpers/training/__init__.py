"""Train fast, alike in PyTorch and Keras, and resume."""
