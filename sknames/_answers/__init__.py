"""Answers of models: what is inside one, and the one door to its answers."""
