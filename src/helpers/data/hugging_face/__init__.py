"""Read data sets of Hugging Face, from the Hub or the disk."""
