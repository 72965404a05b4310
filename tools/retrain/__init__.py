"""Retrain the shipped models: run ``python -m tools.retrain`` in the repository."""
