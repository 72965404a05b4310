"""Names imported from private modules of scikit-learn.

scikit-learn may rename these without notice. Other files import them from here, so that
a new release breaks only this file. Inherited private names stay where they are used:
`_parameter_constraints`, `_validate_params` and `_doc_link_module`.
"""

from typing import Any

# Selects rows of lists, arrays, sparse matrices and DataFrames.
from sklearn.utils import _safe_indexing as safe_indexing

# They raise the same ImportError as scikit-learn, which names the caller.
from sklearn.utils._optional_dependencies import (
    check_matplotlib_support,
    check_pandas_support,
)

# The constraints that BaseEstimator checks in `_validate_params`. Without these types,
# each estimator would have to check its parameters itself. InvalidParameterError is a
# ValueError and a TypeError, so users can catch either.
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)

# TransformerMixin wraps what `transform` returns, but not what other methods return.
from sklearn.utils._set_output import _wrap_data_with_container as wrap_output

# Selects rows of sample weights and other parameters of `fit`, as in cross_validate.
from sklearn.utils.validation import _check_method_params as check_method_params

# Returns the number of rows of a list, array, sparse matrix or DataFrame.
from sklearn.utils.validation import _num_samples as num_samples

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "check_matplotlib_support",
    "check_method_params",
    "check_pandas_support",
    "is_linear_classifier",
    "num_samples",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
    "wrap_output",
]


def is_linear_classifier(estimator: Any) -> bool:
    """Return whether an estimator has the `coef_` and `intercept_` of linear ones."""
    # The only base class of linear classifiers is private. Its import takes 7 MB.
    from sklearn.linear_model._base import LinearClassifierMixin

    return isinstance(estimator, LinearClassifierMixin)
