"""Scripts that make the data and the models of sknames; they are not installed."""
