"""Predict a person's likely nationality or country from their name."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._base.version import __version__
    from ._public import *

__all__ = [
    "CharEncoder",
    "GroupedClassifier",
    "JoinNames",
    "NameEncoder",
    "NameFeatures",
    "NameNationalityClassifier",
    "Parts",
    "PriorShiftClassifier",
    "Rates",
    "SelectiveClassifier",
    "Shares",
    "SharesDisplay",
    "__version__",
    "estimate_rates",
    "estimate_shares",
    "estimate_statistic",
    "fingerprint",
    "load_model",
    "load_pretrained",
    "make_own_labels_pipeline",
    "predict_names",
    "predict_table",
    "spelling_groups",
]
# Types of results, which users do not create. Pickled results refer to them here.
_RESULTS = {"Comparison", "Predictions", "Row", "Statistic"}
_MODULES = {"datasets", "inspection", "metrics", "onnx", "pretrained"}


if not TYPE_CHECKING:  # otherwise, type checkers would accept any name

    def __getattr__(name):
        """Import a name on first use, because importing all of them takes a second.

        Ctrl-C must work during this second.
        """
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name not in __all__ and name not in _RESULTS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = getattr(import_module("._public", __name__), name)
        return globals()[name]


def __dir__():
    return sorted({*globals(), *__all__, *_MODULES})
