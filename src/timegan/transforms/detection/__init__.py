"""Detection of the type of each column from its training rows."""
