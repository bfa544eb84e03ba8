"""What the PyTorch and the TensorFlow notebook share: data, alignment, metrics, figures and results."""
