"""Predict the nationality of a person's name, with scikit-learn compatible estimators."""

import signal
import sys
from pathlib import PurePath

# Ctrl-C stops the command line without a traceback while it imports what follows.
_start = sys.orig_argv[1:3]
_is_command = _start == ["-m", "sknames"] or {"sknames"} == {PurePath(p).stem for p in _start[:1]}
if _is_command and signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not in nohup
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from ._answers.predict_names import predict_names
from ._answers.predict_table import predict_table
from ._base.version import __version__
from ._encoding.char_encoder import CharEncoder
from ._encoding.join_names import JoinNames
from ._encoding.name_features import NameFeatures
from ._encoding.spelling_groups import spelling_groups
from ._name_encoder import NameEncoder, make_own_labels_pipeline
from ._name_nationality_classifier import NameNationalityClassifier
from ._priors.shares import estimate_shares
from ._priors.shares_display import SharesDisplay
from ._wrappers.grouped_classifier import GroupedClassifier
from ._wrappers.prior_shift_classifier import PriorShiftClassifier
from ._wrappers.selective_classifier import SelectiveClassifier
from .pretrained import load_pretrained
from .pretrained._model_files import load_model

__all__ = [
    "CharEncoder",
    "GroupedClassifier",
    "JoinNames",
    "NameEncoder",
    "NameFeatures",
    "NameNationalityClassifier",
    "PriorShiftClassifier",
    "SelectiveClassifier",
    "SharesDisplay",
    "__version__",
    "estimate_shares",
    "load_model",
    "load_pretrained",
    "make_own_labels_pipeline",
    "predict_names",
    "predict_table",
    "spelling_groups",
]
