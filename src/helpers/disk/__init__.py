"""Write to a disk that may be full, read-only, or shared with another run."""
