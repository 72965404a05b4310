"""How good a model is on names whose nationalities are known."""

from ._scorecard import scorecard

__all__ = ["scorecard"]
