"""Regression runs: a matrix of notebooks, judged against baselines."""
