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

CHECKS = {"dtype": object, "ensure_all_finite": False}  # of scikit-learn


def find_column(columns, wanted):
    """Return the columns that are called `wanted`, in the same case or else in any."""
    in_same_case = [column for column in columns if column == wanted]
    if in_same_case:
        return in_same_case
    lower = str(wanted).lower()
    return [column for column in columns if str(column).lower() == lower]


def join_parts(rows):
    """Join the parts of each name by a space; None if all are missing.

    A placeholder is a missing part; one of them remains if nothing else does.
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
    # `is_missing` takes longer than to see that a part is a str.
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


# A verb, as in SelectKBest: in tables, joiners join rows.
class JoinNames(EstimatorMixin, TransformerMixin, BaseEstimator):
    """Join given name, family name and other parts in several columns to one name.

    Columns are joined in their order, with a space between. Missing and blank parts are
    left out, and placeholders such as "n/a"; a name without parts is None, see
    `handle_missing` of :class:`CharEncoder`. A row of placeholders becomes the first of
    them, which is not a name. Names that are joined already, such as a list, stay as
    they are.

    `transform` needs no `fit`. After `fit` of a table, later ones must have the same
    columns. With `set_output`, names become a table of one column, "name".

    Attributes
    ----------
    n_features_in_ : int
        Number of columns, if `fit` got a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the table of `fit` had names.

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

    Put it in front of a model, to predict from such tables:

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
            Parts of names, each a str or missing, or names, which have no columns.
        y : None
            Ignored.

        Returns
        -------
        self : JoinNames
            The transformer.
        """
        check_is_in_memory(X)
        if np.ndim(X) == 1:
            # A fit before may have set them.
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(self, name):
                    delattr(self, name)
        else:
            validate_data(self, X, **CHECKS)
        return self

    def transform(self, X: Any) -> NDArray[np.object_]:
        """Join the columns.

        Parameters
        ----------
        X : table or array-like of shape (n_names, n_columns), or list of str
            Parts of names, each a str or missing, or names.

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
        # As in scikit-learn's transformers of text, since its checks use arrays of
        # numbers.
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags
