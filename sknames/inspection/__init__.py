"""Explain predictions: after each character of a name, and by what matters in it."""

from ._character_importance import CharacterImportanceDisplay, character_importance
from ._feature_contributions import FeatureContributionsDisplay, feature_contributions
from ._prefix_proba import PrefixProbabilityDisplay, prefix_proba

__all__ = [
    "CharacterImportanceDisplay",
    "FeatureContributionsDisplay",
    "PrefixProbabilityDisplay",
    "character_importance",
    "feature_contributions",
    "prefix_proba",
]
