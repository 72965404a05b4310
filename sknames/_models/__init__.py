"""What a model holds, and the one door to its answers."""
