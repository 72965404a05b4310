"""Join the columns of a table that hold parts of names."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._base.estimators import EstimatorMixin
from .._base.labels_and_weights import is_missing
from .._text.names import check_is_in_memory
from .._text.not_names import is_placeholder, is_titled_placeholder

CHECKS = {"dtype": object, "ensure_all_finite": False}  # arguments of check_array


def find_column(columns, wanted):
    """Return the columns named `wanted`; if there are none, ignore case."""
    in_same_case = [column for column in columns if column == wanted]
    if in_same_case:
        return in_same_case
    lower = str(wanted).lower()
    return [column for column in columns if str(column).lower() == lower]


def join_parts(rows):
    """Join the parts of each name with spaces; a name without parts is None.

    Placeholders are treated as missing parts. If a name has only placeholders, the
    first one is kept.
    """
    names = []
    for row in rows:
        try:
            names.append(_join(row))
        except TypeError as error:
            raise TypeError(
                f"Expected parts of names, each a str or missing, got {row!r:.80} in "
                f"row {len(names)}. Pass only columns of names, e.g. df[['given', "
                "'family']]."
            ) from error
    return names


def _join(row):
    """Join the parts of a name; raise TypeError if one is neither str nor missing."""
    # isinstance comes first because `is_missing` is slower.
    parts = [part for part in row if isinstance(part, str) or not is_missing(part)]
    if not parts:
        return None
    filled = [part for part in map(str.strip, parts) if part]
    known = [part for part in filled if not is_placeholder(part)]
    if not known:
        known = filled[:1]
    if len(known) < len(filled) and is_titled_placeholder(" ".join(filled)):
        known = filled  # "Mr." alone might be a name
    return " ".join(known)


# The name begins with a verb, as in SelectKBest: a "joiner" of tables would join rows.
class JoinNames(EstimatorMixin, TransformerMixin, BaseEstimator):
    """Join the given name, family name and other parts of a name into one string.

    Columns are joined in order, separated by spaces. Missing parts, blank parts and
    placeholders such as "n/a" are left out. A name without parts is None (see
    `handle_missing` of :class:`CharEncoder`). A row that has only placeholders becomes
    the first placeholder, which is not a name. Names that are already joined, such as
    a list of names, are returned unchanged.

    `transform` does not require `fit`. After `fit` on a table, later tables must have
    the same columns. With `set_output`, the result is a table with one column, "name".

    Attributes
    ----------
    n_features_in_ : int
        Number of columns. Only set if `fit` received a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns. Only set if `fit` received a table with column names.

    See Also
    --------
    predict_table : Add predictions to a table, also from several columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknames import JoinNames, load_pretrained
    >>> people = pd.DataFrame(
    ...     {"given": ["Mehmet", None], "family": ["Yılmaz", "Nowak"]}
    ... )
    >>> JoinNames().transform(people)
    array(['Mehmet Yılmaz', 'Nowak'], dtype=object)

    Put the transformer before a model to predict from such tables:

    >>> model = make_pipeline(JoinNames(), load_pretrained())
    >>> model.predict(people[["given", "family"]])
    array(['Turkish', 'Polish'], dtype='<U11')
    """

    __module__ = "sknames"

    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    def fit(self, X: Any, y: object = None) -> Self:
        """Remember the columns.

        Parameters
        ----------
        X : table or array-like of shape (n_names, n_columns), or list of str
            Parts of names, each a str or missing, or a list of whole names.
        y : None
            Ignored.

        Returns
        -------
        self : JoinNames
            The transformer.
        """
        check_is_in_memory(X)
        if np.ndim(X) == 1:
            # An earlier call of fit may have set these.
            for name in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(name, None)
        else:
            validate_data(self, X, **CHECKS)
        return self

    def transform(self, X: Any) -> NDArray[np.object_]:
        """Join the columns.

        Parameters
        ----------
        X : table or array-like of shape (n_names, n_columns), or list of str
            Parts of names, each a str or missing, or a list of whole names.

        Returns
        -------
        ndarray of shape (n_names,), dtype=object
            Names; None if all parts are missing.
        """
        check_is_in_memory(X)
        if np.ndim(X) == 1:
            return np.array(list(X), dtype=object)
        if hasattr(self, "n_features_in_"):
            X = validate_data(self, X, reset=False, **CHECKS)
        else:
            X = check_array(X, **CHECKS)
        return np.array(join_parts(X.tolist()), dtype=object)

    def get_feature_names_out(
        self, input_features: object = None
    ) -> NDArray[np.object_]:
        """Return the name of the joined column, "name".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (1,), dtype=object
            The name.
        """
        return np.array(["name"], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        # False as in scikit-learn's text vectorizers, because check_estimator would
        # otherwise pass arrays of numbers.
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags
