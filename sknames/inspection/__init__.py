"""Explain predictions by the characters and the features of a name."""

from ._feature_contributions import (
    Contributions,
    FeatureContributionsDisplay,
    feature_contributions,
)
from ._prefix_proba import PrefixProbabilityDisplay, prefix_proba

__all__ = [
    "Contributions",
    "FeatureContributionsDisplay",
    "PrefixProbabilityDisplay",
    "feature_contributions",
    "prefix_proba",
]
