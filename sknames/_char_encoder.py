"""CharEncoder: names -> codes."""

import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Set
from numbers import Integral, Real

import numpy as np
from anyascii import anyascii
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._validation import is_missing

CHUNK_NAMES = 65_536
REPLACEMENT = "\ufffd"


class CharEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Encode names as rows of character codes.

    1. A name is normalized to NFC, so that an accented letter is one character however it was
       typed.
    2. Its characters are transliterated to ASCII and lower-cased, each by itself.
    3. Each character of the alphabet has a code from 1 to ``len(alphabet_)``; every other character
       has the next one, the unknown code. Rows are padded with 0 on the right.

    Parameters
    ----------
    transliterate : bool, default=True
        Whether to replace characters by ASCII as anyascii does ("ü" by "u", "王" by "Wang"). A
        character that has no transliteration is kept, a combining mark or format character dropped.
        Set it to False where diacritics or native scripts tell nationalities apart and there are
        enough names to learn them from.
    lowercase : bool, default=True
        Whether to lower-case. Set it to False if case carries information and is reliable.
    alphabet : str or None, default=None
        The characters that have codes, in this order. None learns them in `fit`, in the order of
        their code points.
    min_frequency : int or float, default=1
        A learned alphabet has the characters that occur at least so often in `fit` (int), or in at
        least this share of all characters (float). Rarer characters get the unknown code, which is
        then trained on real examples.
    max_length : int or None, default=None
        Number of columns. None takes the longest name of `fit`, and `transform` warns of a longer
        one. With an int, longer names are cut silently, as asked for.
    handle_unknown : {"use_unknown_code", "error"}, default="use_unknown_code"
        What `transform` does with a character that is not in the alphabet.

    Attributes
    ----------
    alphabet_ : str
        The characters that have codes; the code of ``alphabet_[i]`` is ``i + 1``.
    unknown_code_ : int
        The code of all other characters, ``len(alphabet_) + 1``.
    max_length_ : int
        Number of columns of the output.

    See Also
    --------
    NameNationalityClassifier : Codes -> nationalities.

    Examples
    --------
    >>> from sknames import CharEncoder
    >>> encoder = CharEncoder().fit(["Ana", "Müller"])
    >>> encoder.alphabet_
    'aelmnru'
    >>> encoder.transform(["Anna", "Lea!"])
    array([[1, 5, 5, 1, 0, 0],
           [3, 2, 1, 8, 0, 0]], dtype=uint8)
    """

    __module__ = "sknames"

    _parameter_constraints = {
        "transliterate": ["boolean"],
        "lowercase": ["boolean"],
        "alphabet": [str, None],
        "min_frequency": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
        ],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "handle_unknown": [StrOptions({"use_unknown_code", "error"})],
    }

    def __init__(
        self,
        *,
        transliterate=True,
        lowercase=True,
        alphabet=None,
        min_frequency=1,
        max_length=None,
        handle_unknown="use_unknown_code",
    ):
        self.transliterate = transliterate
        self.lowercase = lowercase
        self.alphabet = alphabet
        self.min_frequency = min_frequency
        self.max_length = max_length
        self.handle_unknown = handle_unknown

    def fit(self, X, y=None):
        """Learn the alphabet and the number of columns.

        Parameters
        ----------
        X : iterable of str
            Names.
        y : None
            Ignored.

        Returns
        -------
        self : CharEncoder

        Raises
        ------
        ValueError, TypeError
            If `X` is not a one-dimensional collection of at least one str.
        """
        self._validate_params()
        names = _check_names(X)
        counts = np.zeros(0, dtype=np.int64)
        longest = 0
        for start in range(0, len(names), CHUNK_NAMES):
            points, lengths = self._fold(names[start : start + CHUNK_NAMES])
            longest = max(longest, int(lengths.max()))
            if self.alphabet is None:
                more = np.bincount(points, minlength=len(counts))
                more[: len(counts)] += counts
                counts = more
        if self.alphabet is None:
            least = self.min_frequency
            if not isinstance(least, Integral):
                counts = counts / max(counts.sum(), 1)
            # NUL is no letter, and a lone surrogate is half of one.
            alphabet = "".join(map(chr, np.flatnonzero(counts >= least)))
            alphabet = "".join(c for c in alphabet if unicodedata.category(c) not in ("Cs", "Cc"))
        else:
            alphabet = self._check_alphabet()
        self.alphabet_ = alphabet
        self.unknown_code_ = len(alphabet) + 1
        self.max_length_ = max(longest, 1) if self.max_length is None else int(self.max_length)
        return self

    def transform(self, X):
        """Encode names.

        Parameters
        ----------
        X : iterable of str
            Names.

        Returns
        -------
        ndarray of shape (n_names, max_length_), of the smallest unsigned integer type
            Codes, padded with 0 on the right.

        Raises
        ------
        ValueError, TypeError
            If `X` is not a one-dimensional collection of at least one str, or, with
            ``handle_unknown="error"``, a character has no code.
        """
        # check_is_fitted takes a tenth of the time of one name through a pipeline.
        if not hasattr(self, "alphabet_"):
            check_is_fitted(self)
        names = _check_names(X)
        table = self._table()
        codes = np.zeros((len(names), self.max_length_), dtype=table.dtype)
        columns = np.arange(self.max_length_)
        n_cut = 0
        for start in range(0, len(names), CHUNK_NAMES):
            points, lengths = self._fold(names[start : start + CHUNK_NAMES])
            flat = table.take(points, mode="clip")
            if self.handle_unknown == "error" and (flat == self.unknown_code_).any():
                place = int((flat == self.unknown_code_).argmax())
                position = start + int(np.searchsorted(np.cumsum(lengths), place, side="right"))
                raise ValueError(
                    f"Found the character {chr(points[place])!r}, which is not in the alphabet, in "
                    f"the name at position {position}. Fit on it, or set "
                    "handle_unknown='use_unknown_code'."
                )
            if lengths.max() > self.max_length_:
                n_cut += int((lengths > self.max_length_).sum())
                begins = np.cumsum(lengths) - lengths
                flat = flat[np.arange(len(flat)) - np.repeat(begins, lengths) < self.max_length_]
            codes[start : start + CHUNK_NAMES][columns < lengths[:, None]] = flat
        if n_cut and self.max_length is None:
            warnings.warn(
                f"{n_cut} of {len(names)} names are longer than the longest name of fit and "
                f"were cut to its {self.max_length_} characters. Set max_length to choose the "
                "length.",
                UserWarning,
                stacklevel=3,  # scikit-learn's wrapper of transform lies between.
            )
        return codes

    def inverse_transform(self, X):
        """Decode rows of codes.

        Parameters
        ----------
        X : array-like of shape (n_names, n_columns)
            Codes; 0 is passed over.

        Returns
        -------
        ndarray of shape (n_names,) of str objects
            Names as they were encoded (transliterated, lower-cased); the unknown code becomes
            U+FFFD.

        Raises
        ------
        ValueError
            If a value is no code of this encoder.
        """
        check_is_fitted(self)
        X = check_array(X)
        wrong = (X < 0) | (X > self.unknown_code_) | (X != np.rint(X))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"Expected codes from 0 to {self.unknown_code_}, got {X[row, column]} in row "
                f"{row}, column {column}. Pass what transform returned."
            )
        characters = np.array(["", *self.alphabet_, REPLACEMENT], dtype=object)
        return characters[X.astype(np.intp)].sum(axis=1)

    @property
    def _n_features_out(self):
        return self.max_length_

    def _check_alphabet(self):
        """The given alphabet, without repeated or unreachable characters."""
        alphabet = self.alphabet
        repeated = sorted({c for c in alphabet if alphabet.count(c) > 1})
        if not alphabet or repeated:
            raise ValueError(
                "alphabet must hold at least one character and none twice; "
                f"got {alphabet!r} with {repeated} repeated."
            )
        unreachable = "".join(
            c
            for c in alphabet
            if unicodedata.normalize("NFC", c) != c or self._fold_character(c) != c
        )
        if unreachable:
            warnings.warn(
                f"The characters {unreachable!r} of alphabet never occur after folding. "
                "Set lowercase=False or transliterate=False to keep them, and give them in NFC.",
                UserWarning,
                stacklevel=3,
            )
        return alphabet

    def _fold_character(self, character):
        """Transliterate and lower-case one character, maybe to several or none."""
        if self.transliterate:
            ascii_ = anyascii(character)
            if ascii_ or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
                character = ascii_
        return "".join(c.lower() for c in character) if self.lowercase else character

    def _fold(self, names):
        """Normalized, transliterated, lower-cased names.

        Returns
        -------
        points : ndarray of shape (n_characters,)
            Code points of all names behind each other.
        lengths : ndarray of shape (n_names,)
        """
        text = "".join(names)
        if text.isascii():
            text = text.lower() if self.lowercase else text
            return np.frombuffer(text.encode(), dtype=np.uint8), _lengths(names)
        # A part of a normalized text is normalized, but joining may bring a letter and a mark
        # together.
        if not unicodedata.is_normalized("NFC", text):
            names = [unicodedata.normalize("NFC", name) for name in names]
            text = "".join(names)
        lengths = _lengths(names)
        folds = {c: self._fold_character(c) for c in set(text)}
        folds = {ord(c): fold for c, fold in folds.items() if c != fold}
        if any(len(fold) != 1 for fold in folds.values()):
            sizes = np.ones(max(map(ord, set(text))) + 1, dtype=np.int64)
            for point, fold in folds.items():
                sizes[point] = len(fold)
            ends = np.concatenate([[0], np.cumsum(sizes[_points(text)])])
            lengths = np.diff(ends[np.concatenate([[0], np.cumsum(lengths)])])
        return _points(text.translate(folds)), lengths

    def _table(self):
        """Code of each code point; the last entry, beyond the alphabet, is unknown."""
        points = _points(self.alphabet_)
        dtype = np.min_scalar_type(self.unknown_code_)
        table = np.full(int(points.max(initial=0)) + 2, self.unknown_code_, dtype=dtype)
        table[points] = np.arange(1, len(points) + 1)
        return table

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags


def _points(text):
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _lengths(names):
    return np.fromiter(map(len, names), dtype=np.int64, count=len(names))


def _check_names(X):
    """Any one-dimensional collection of str as a list.

    Raises
    ------
    ValueError
        For a missing name, a single str, an array of another shape, or no name at all.
    TypeError
        For another collection, or items that are not str.
    """
    if isinstance(X, str | bytes):
        name = X.decode(errors="replace") if isinstance(X, bytes) else str(X)
        raise ValueError(
            f"Expected a list of names and got a single {type(X).__name__}. "
            f"Wrap it in a list: [{name!r}]."
        )
    if isinstance(X, Mapping | Set) or issparse(X) or not isinstance(X, Iterable):
        raise TypeError(
            f"Expected a list, array or Series of names and got a {type(X).__name__}. "
            "Pass names in their order, e.g. list(X)."
        )
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise ValueError(
            f"Expected a one-dimensional collection of names and got shape {tuple(shape)}. "
            "Pass one column, e.g. df['name']."
        )
    names = list(X)
    if not names:
        raise ValueError(
            "Found array with 0 sample(s) while a minimum of 1 is required. Pass at least one name."
        )
    try:
        "".join(names)
    except TypeError:
        position = next(i for i, name in enumerate(names) if not isinstance(name, str))
        name = names[position]
        if is_missing(name):
            raise ValueError(
                f"Input contains a missing name ({name}) at position {position}; every name must "
                "be a str. Drop it, or use '' for an empty name."
            ) from None
        convert = "name.decode()" if isinstance(name, bytes) else "str(name)"
        raise TypeError(
            f"Expected names of type str and got {type(name).__name__} ({name!r}) at position "
            f"{position}. Convert names first, e.g. [{convert} for name in X]."
        ) from None
    return names
