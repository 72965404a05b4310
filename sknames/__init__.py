"""Predict the nationality of a person's name, compatible with scikit-learn."""

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
# What is returned, not made: files name these here.
_RESULTS = {"Comparison", "Predictions", "Row", "Statistic"}
_MODULES = {"datasets", "inspection", "metrics", "onnx", "pretrained"}


if not TYPE_CHECKING:  # type checkers would take any name for one of the package

    def __getattr__(name):
        """Import what is asked for; all takes a second, in which Ctrl-C must work."""
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name not in __all__ and name not in _RESULTS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = getattr(import_module("._public", __name__), name)
        return globals()[name]


def __dir__():
    return sorted({*globals(), *__all__, *_MODULES})
