"""Concatenate features of names."""

from typing import Any, Self

from sklearn.pipeline import FeatureUnion
from sklearn.utils.validation import check_is_fitted

from .._base.estimators import EstimatorMixin
from .._base.labels_and_weights import check_labels
from .._text.names import NamesLike, read_names
from .._text.tidy import are_titled, tidy


class NameFeatures(EstimatorMixin, FeatureUnion):
    """Concatenate features of names: a FeatureUnion that tidies the names only once.

    All parts receive names as :class:`CharEncoder` reads them by default: clean, and
    without titles unless many names in `fit` have titles. Therefore a part may be a
    text transformer such as
    :class:`~sklearn.feature_extraction.text.TfidfVectorizer`, which on its own would
    read the column names of a table as names. A missing name raises an error, or is
    read as an empty name if the first part has ``handle_missing="empty"``.

    Parameters
    ----------
    transformer_list : list of (str, transformer)
        Pairs of the name of a part and the transformer.
    n_jobs : int or None, default=None
        Number of processes in which the parts run.
    transformer_weights : dict of str to float or None, default=None
        Factors by which the features of the parts are multiplied, by name of the part.
    verbose : bool, default=False
        Whether to print the time that each part takes to fit.
    verbose_feature_names_out : bool, default=True
        Whether feature names are prefixed with the name of their part.

    Attributes
    ----------
    tidy_ : bool
        Whether names are tidied, as chosen by `fit` (see ``tidy="auto"`` of
        :class:`CharEncoder`). A :class:`NameEncoder` among the parts reads names as its
        own model does.

    See Also
    --------
    make_own_labels_pipeline : Train a model of your own labels on such features.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sknames import NameEncoder, NameFeatures
    >>> features = NameFeatures(
    ...     [("model", NameEncoder()), ("ngrams", TfidfVectorizer())]
    ... )
    >>> names = pd.DataFrame({"name": ["Ana Souza", "Kim Min-jun"]})
    >>> features.fit_transform(names).shape
    (2, 79)
    """

    __module__ = "sknames"

    tidy_: bool

    def fit(self, X: NamesLike, y: Any = None, **fit_params: Any) -> Self:
        """Fit all parts.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : array-like of shape (n_names,) or None, default=None
            Their labels, none of them missing.
        **fit_params
            Parameters of the parts, as in :class:`~sklearn.pipeline.FeatureUnion`.

        Returns
        -------
        self : NameFeatures
            The fitted features.
        """
        names, y = self._read_to_fit(X, y)
        return super().fit(names, y, **fit_params)

    def fit_transform(self, X: NamesLike, y: Any = None, **params: Any) -> Any:
        """Fit all parts, and concatenate their features.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : array-like of shape (n_names,) or None, default=None
            Their labels, none of them missing.
        **params
            Parameters of the parts, as in :class:`~sklearn.pipeline.FeatureUnion`.

        Returns
        -------
        ndarray or sparse matrix of shape (n_names, n_features)
            The features.
        """
        names, y = self._read_to_fit(X, y)
        return _as_indexed(X, super().fit_transform(names, y, **params))

    def transform(self, X: NamesLike, **params: Any) -> Any:
        """Concatenate the features of all parts.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        **params
            Parameters of the parts, as in :class:`~sklearn.pipeline.FeatureUnion`.

        Returns
        -------
        ndarray or sparse matrix of shape (n_names, n_features)
            The features.
        """
        check_is_fitted(self, "tidy_")  # fitted parts alone are not enough
        return _as_indexed(X, super().transform(self._read(X), **params))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _read_to_fit(self, X, y):
        """Check the labels, set `tidy_`, and return names as the parts read them."""
        if not self.transformer_list:
            raise ValueError(
                "Expected at least one part in transformer_list and got none. Pass "
                "parts, e.g. NameFeatures([('model', NameEncoder())])."
            )
        if y is not None:
            check_labels(y)
        names = self._names(X)
        self.tidy_ = not are_titled(names.clean)
        return self._read(names), y

    def _names(self, X):
        """Return the names; the first part decides how missing names are handled."""
        _, first_part = self.transformer_list[0]
        return read_names(X, getattr(first_part, "handle_missing", "error"))

    def _read(self, X):
        """Return the names as the parts read them."""
        return tidy(self._names(X).clean, drops=self.tidy_)


def _as_indexed(X, features):
    """Set the index of the names on the features if both are pandas objects."""
    if hasattr(X, "iloc") and hasattr(features, "iloc"):
        return features.set_axis(X.index)
    return features
