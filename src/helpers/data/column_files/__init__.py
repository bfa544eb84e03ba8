"""Read files of a word in each line."""
