"""Explain predictions: by characters and n-grams of a name, and states of the net."""

from ._character_importance import CharacterImportanceDisplay, character_importance
from ._feature_contributions import (
    Contributions,
    FeatureContributionsDisplay,
    feature_contributions,
)
from ._hidden_states import HiddenStatesDisplay, hidden_states
from ._prefix_proba import PrefixProbabilityDisplay, prefix_proba

__all__ = [
    "CharacterImportanceDisplay",
    "Contributions",
    "FeatureContributionsDisplay",
    "HiddenStatesDisplay",
    "PrefixProbabilityDisplay",
    "character_importance",
    "feature_contributions",
    "hidden_states",
    "prefix_proba",
]
