"""Judge a matrix of notebook runs against baselines."""
