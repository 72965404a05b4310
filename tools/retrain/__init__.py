"""Retrain the model that ships with sknames: ``python -m tools.retrain``, in the repository."""
