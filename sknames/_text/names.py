"""Accept names in any collection or one-column table, and tidy each only once."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from reprlib import repr as shorten
from typing import Any, NoReturn, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._base.labels_and_weights import is_missing, with_none
from .not_names import why_not_names
from .spelling import clean
from .tidy import tidy

NamesLike: TypeAlias = Iterable[str] | ArrayLike


@dataclass(frozen=True)
class ReadingRules:
    """How an encoder reads names. The defaults apply to models without an encoder.

    Parameters
    ----------
    cleans : bool, default=True
        Whether artefacts of typing, copying and file formats are removed.
    drops : bool, default=True
        Whether titles, degrees and text in brackets are removed.
    knows_letter : callable, default=str.isalpha
        Function that returns whether the encoder knows a letter. By default, all
        letters are known.
    """

    cleans: bool = True
    drops: bool = True
    knows_letter: Callable[[str], bool] = str.isalpha


BY_DEFAULT = ReadingRules()


class Names(list[str]):
    """List of names as typed, with derived values that are computed on first use.

    Because it is a list, any model accepts it.
    """

    def __init__(self, texts: Iterable[str], rules: ReadingRules = BY_DEFAULT):
        super().__init__(texts)
        self.rules = rules

    def read_by(self, rules: ReadingRules) -> "Names":
        """Return the names with other rules, or this object if the rules are equal."""
        return self if self.rules == rules else Names(self, rules)

    @cached_property
    def clean(self) -> list[str]:
        """The texts without artefacts of typing, copying and file formats."""
        return clean(self)

    @cached_property
    def tidy(self) -> list[str]:
        """The tidy names, as models read them."""
        texts = self.clean if self.rules.cleans else self
        return tidy(texts, self.rules.cleans, self.rules.drops)

    @cached_property
    def reasons(self) -> NDArray[np.object_]:
        """Why each text is not a name, or "" for a name: (n_names,), str objects."""
        return why_not_names(self, self.clean, self.rules.knows_letter)

    @classmethod
    def already_read(
        cls, texts: Iterable[str], tidy: list[str], reasons: NDArray[np.object_]
    ) -> "Names":
        """Return names that were tidied elsewhere, for example in another process."""
        names = cls(texts)
        names.tidy = tidy
        names.reasons = reasons
        return names

    def take(self, rows: list[int]) -> "Names":
        """Return the names of some rows, without tidying them again."""
        texts = [self[row] for row in rows]
        tidied = [self.tidy[row] for row in rows]
        return Names.already_read(texts, tidied, self.reasons[rows])

    def __reduce__(self) -> Any:
        return Names, ([*self],)


class NamesMixin(TransformerMixin):
    """Base of transformers of names, which define `_fit`, `_encode` and `_fitted`.

    `_fitted` is the name of an attribute that only a fitted transformer has.
    """

    # Makes skrub's ApplyToCols and TableVectorizer pass one column at a time.
    __single_column_transformer__ = True
    _fitted: str
    handle_missing: str

    def fit(self, X: NamesLike, y: object = None) -> Self:
        """Learn from names.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : None
            Ignored.

        Returns
        -------
        self : CharEncoder or NameEncoder
            The fitted encoder.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: NamesLike, y: object = None) -> NDArray[Any]:
        """Learn from names, and encode them.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_names, n_columns)
            A row for each name, as in `transform`.
        """
        return self._encode(self._fit(X))

    def transform(self, X: NamesLike) -> NDArray[Any]:
        """Encode names.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.

        Returns
        -------
        ndarray of shape (n_names, n_columns)
            One row for each name: its codes in the smallest unsigned integer type,
            padded with 0 on the right, or its features as float32.
        """
        # For a single name, check_is_fitted would take a tenth of the time.
        if not hasattr(self, self._fitted):
            check_is_fitted(self, self._fitted)
        return self._encode(read_names(X, self.handle_missing))

    @property
    def n_features_in_(self) -> NoReturn:
        """Raise AttributeError, as text vectorizers do: a list has no columns."""
        raise AttributeError(
            f"{type(self).__name__} reads text: a list of names has no columns, so "
            "there is no n_features_in_."
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags


def read_names(X, handle_missing="error"):
    """Return the names in a collection or one-column table as `Names`.

    `Names` are returned unchanged. A missing name raises ValueError, or becomes ""
    with ``handle_missing="empty"``.
    """
    if isinstance(X, Names):
        return X
    _check_collection(X)
    X = _only_column(with_none(X))
    names = X.to_pylist() if _is_pyarrow(X) else list(X)
    if not names:
        raise ValueError(
            "Found array with 0 sample(s) while a minimum of 1 is required. Pass at "
            "least one name."
        )
    return Names(_check_names(names, handle_missing))


def _is_pyarrow(X):
    """Return whether X is a pyarrow table or column, without importing pyarrow."""
    return hasattr(type(X), "to_pylist")


def _check_collection(X):
    """Raise an error unless X is an ordered collection."""
    if isinstance(X, str | bytes):
        name = X.decode(errors="replace") if isinstance(X, bytes) else str(X)
        raise ValueError(
            f"Expected a list of names and got a single {type(X).__name__}. "
            f"Wrap it in a list: [{shorten(name)}]."
        )
    is_collection = isinstance(X, Iterable) or _is_pyarrow(X)
    if not is_collection or isinstance(X, Mapping | Set) or issparse(X):
        check_is_in_memory(X)
        raise TypeError(
            f"Expected a list, array or Series of names and got a {type(X).__name__}. "
            "Pass names in their order, e.g. list(X)."
        )


def _only_column(X):
    """Return the column of a table; raise ValueError if it has more than one."""
    shape = getattr(X, "shape", (None,))
    if len(shape) == 1:
        return X
    if len(shape) != 2 or shape[1] != 1:
        raise ValueError(
            f"Expected a collection of names or a table of one column and got shape "
            f"{tuple(shape)}. Pass one column, e.g. df['name'], or join several: "
            "JoinNames().transform(df[['given', 'family']])."
        )
    if _is_pyarrow(X):
        return X.column(0)
    return np.asarray(X, dtype=object)[:, 0]


def check_is_in_memory(X):
    """Raise TypeError for a lazy table, such as a polars LazyFrame."""
    for method in ("collect", "compute"):
        if hasattr(type(X), method):
            raise TypeError(
                f"Expected names or a table in memory and got a {type(X).__name__}, "
                f"which is lazy. Pass X.{method}()."
            )


def _check_names(names, handle_missing):
    """Return a list of str; raise an error for missing names and other types.

    With ``handle_missing="empty"``, missing names become "".
    """
    try:
        "".join(names)  # the fastest check that all names are str
    except TypeError:
        if handle_missing == "empty":
            names = ["" if is_missing(name) else name for name in names]
        for position, name in enumerate(names):
            if not isinstance(name, str):
                raise _error_for(name, position, len(names)) from None
    return names


def _error_for(name, position, n_names):
    """Return the error for a name at a position that is not a str."""
    if is_missing(name):
        return ValueError(
            f"Input contains a missing name ({name}) at position {position}; every "
            "name must be a str. Drop this row, or set handle_missing='empty' of "
            "CharEncoder or NameEncoder to read missing names as empty names."
        )
    if isinstance(name, list | tuple) or getattr(name, "shape", ()):
        is_bracketed = n_names == 1 and len(name) > 1
        advice = "Pass [name[0] for name in X] instead."
        if is_bracketed:
            advice = "The names are in X[0]: pass X[0] instead."
    else:
        convert = "name.decode()" if isinstance(name, bytes) else "str(name)"
        advice = f"Convert names first, e.g. [{convert} for name in X]."
    return TypeError(
        f"Expected names of type str and got {type(name).__name__} "
        f"({shorten(name)}) at position {position}. {advice}"
    )
