"""Tell a person's nationality from their name, with scikit-learn compatible estimators."""

from ._char_encoder import CharEncoder
from ._name_encoder import NameEncoder
from ._name_nationality_classifier import NameNationalityClassifier
from ._prior_shift_classifier import PriorShiftClassifier
from ._selective_classifier import SelectiveClassifier
from ._shares import estimate_shares
from ._shares_display import SharesDisplay
from ._spelling_groups import spelling_groups
from ._version import __version__
from .pretrained import load_pretrained

__all__ = [
    "CharEncoder",
    "NameEncoder",
    "NameNationalityClassifier",
    "PriorShiftClassifier",
    "SelectiveClassifier",
    "SharesDisplay",
    "__version__",
    "estimate_shares",
    "load_pretrained",
    "spelling_groups",
]
