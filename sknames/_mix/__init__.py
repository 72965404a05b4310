"""Priors of the nationalities, and the mix of a list."""
