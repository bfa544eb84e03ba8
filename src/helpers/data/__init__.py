"""Load labelled text of any format."""
