"""Retrain the model that ships: run ``python -m tools.retrain`` in the repository."""
