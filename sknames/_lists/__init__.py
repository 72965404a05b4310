"""Read what is given of a list: its names, and the columns beside them."""
