"""Read what a fitted model holds, and predict with it."""
