"""Why a model answers as it does: after each character of a name, and by what matters in it."""

from ._character_importance import CharacterImportanceDisplay
from ._explanations import character_importance, ngram_contributions, prefix_proba
from ._prefix_proba import PrefixProbabilityDisplay

__all__ = [
    "CharacterImportanceDisplay",
    "PrefixProbabilityDisplay",
    "character_importance",
    "ngram_contributions",
    "prefix_proba",
]
