"""The fitted network and its prediction in numpy."""
