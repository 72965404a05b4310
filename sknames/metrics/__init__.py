"""Evaluate a model on names with known labels."""

from ._scorecard import Scorecard, scorecard

__all__ = ["Scorecard", "scorecard"]
