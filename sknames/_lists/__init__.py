"""Read a list of names, and the columns that belong to it."""
