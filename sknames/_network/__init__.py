"""Hold the fitted network, and predict with it in numpy."""
