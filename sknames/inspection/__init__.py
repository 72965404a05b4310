"""Explain predictions: after each character of a name, and by what matters in it."""

from ._character_importance import CharacterImportanceDisplay, character_importance
from ._ngram_contributions import ngram_contributions
from ._prefix_proba import PrefixProbabilityDisplay, prefix_proba

__all__ = [
    "CharacterImportanceDisplay",
    "PrefixProbabilityDisplay",
    "character_importance",
    "ngram_contributions",
    "prefix_proba",
]
