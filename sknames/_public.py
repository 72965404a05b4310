"""Import the public names; `sknames` imports this module when one is first used."""

from ._base.version import __version__ as __version__
from ._encoding.char_encoder import CharEncoder as CharEncoder
from ._encoding.join_names import JoinNames as JoinNames
from ._encoding.name_features import NameFeatures as NameFeatures
from ._models.fingerprint import fingerprint as fingerprint
from ._models.predict_names import Predictions as Predictions
from ._models.predict_names import predict_names as predict_names
from ._models.predict_table import predict_table as predict_table
from ._name_encoder import NameEncoder as NameEncoder
from ._name_encoder import make_own_labels_pipeline as make_own_labels_pipeline
from ._name_nationality_classifier import (
    NameNationalityClassifier as NameNationalityClassifier,
)
from ._results.comparison import Comparison as Comparison
from ._results.estimate_rates import estimate_rates as estimate_rates
from ._results.estimate_shares import estimate_shares as estimate_shares
from ._results.parts import Parts as Parts
from ._results.rates import Rates as Rates
from ._results.shares import Shares as Shares
from ._results.shares_display import SharesDisplay as SharesDisplay
from ._results.statistic import Statistic as Statistic
from ._results.statistic import estimate_statistic as estimate_statistic
from ._results.table import Row as Row
from ._text.spelling_groups import spelling_groups as spelling_groups
from ._wrappers.grouped_classifier import GroupedClassifier as GroupedClassifier
from ._wrappers.prior_shift_classifier import (
    PriorShiftClassifier as PriorShiftClassifier,
)
from ._wrappers.selective_classifier import SelectiveClassifier as SelectiveClassifier
from .pretrained import load_pretrained as load_pretrained
from .pretrained._model_files import load_model as load_model
