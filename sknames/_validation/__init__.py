"""Checks of parameters, labels, weights and files."""
