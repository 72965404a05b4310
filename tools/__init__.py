"""What makes the data and the model of sknames. It is not installed."""
