"""Abstain from predicting unsure names."""
