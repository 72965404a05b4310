"""CharEncoder: encode names as codes."""

import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import chain
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._base import warn
from .._base.estimators import EstimatorMixin
from .._base.saved_state import stamped, unstamped
from .._base.sklearn_private import Interval, StrOptions, wrap_output
from .._text.in_latin import in_latin
from .._text.names import Names, NamesMixin, ReadingRules, read_names
from .._text.spelling import (
    Translation,
    code_points,
    is_other_script,
    plain,
    transliterate,
)
from .._text.tidy import are_titled

CHUNK_NAMES = 65_536  # names encoded or predicted at a time, to limit memory
# `fit` warns of a name with more than TOO_MANY times the usual number of characters,
# which is at least MIN_USUAL.
TOO_MANY = 20
MIN_USUAL = 10
SPACE = " "
REPLACEMENT = "\ufffd"  # represents the unknown code
# Characters that occur less often are transliterated, because a model could learn too
# little about them.
RARE = 5
# Values of `transliterate` with which characters outside the alphabet become ASCII.
READ_RARE = ("unknown", "both")
# Code points: most scripts begin at a multiple of this number.
BLOCK = 128
LARGE_SCRIPTS = ("CJK", "HANGUL")  # too large for an alphabet to have all characters


class CharEncoder(
    EstimatorMixin, NamesMixin, ClassNamePrefixFeaturesOutMixin, BaseEstimator
):
    """Encode names as rows of character codes.

    1. Artefacts of typing, copying and file formats are removed: a run of Unicode white
       space becomes one space, and white space at the ends is stripped; zero-width,
       bidirectional and other format characters, control characters, tatweel and
       quotation marks around a name are removed; typographic apostrophes, quotation
       marks and hyphens become plain ones; half-width and full-width forms and Arabic
       presentation forms become the usual letters.
    2. The name is normalized to NFC, so that an accented letter is one character
       however it was typed. At most 30 consecutive combining marks and 500 characters
       are kept. Signs such as emoji are dropped, as are commas and dots at the ends. In
       non-Latin scripts, a comma between words becomes a space. The space after a
       Korean surname is removed ("김 민수"). Tidy names also lose titles and brackets,
       see `tidy`.
    3. Characters are lower-cased one by one. Characters outside the alphabet are
       transliterated to ASCII, so diacritics and native scripts are kept where they are
       frequent. Hebrew and Arabic vowel points outside the alphabet are dropped,
       because names are mostly written without them.
    4. The characters of the alphabet have the codes 1 to ``len(alphabet_)``. The space
       always has code 1, so that the classifier can tell it from a letter. All other
       characters have the next code, the unknown code. Rows are padded with 0 on the
       right.

    Parameters
    ----------
    clean : bool, default=True
        Whether to clean names (step 1), and to handle signs, commas, dots and Korean
        surnames as in step 2. Set it to False if white space or punctuation carries
        meaning.
    tidy : bool or "auto", default="auto"
        Whether to bring all forms of a name into one form. With "auto", `fit` chooses
        False if at least one name in 100 would lose a title or degree, because titles
        are then part of the data, and True otherwise. With False, names are read as
        typed, apart from white space and signs.

        - Titles and degrees in 40 languages are dropped ("Mr.", "Frau Dr.", "г-н",
          "Jr.", ", PhD", "S.H.", "さん"), and relatives ("S/O X"). Titles that can be
          names are kept where they might be names: "Don", "M.", "MS Dhoni", "Rahman
          Md", "Prince John Kim". "Major" is dropped only if two other words remain.
        - Titles of office and honours are dropped before a name ("Sen.", "Ministerin")
          or after a comma (", MEP", ", 42"), where numbers are dropped as well.
        - Text after "née", "geb.", "born" and similar words is dropped: "Anna Kim née
          Haddad" is read as "Anna Kim". "Max Born" is kept.
        - Numerals after a name are dropped: "Ludwig II" is read as "Ludwig".
        - Text in brackets is dropped if it is in the same script as the rest. After a
          single word, names in brackets are kept: "Silva (Ana Maria)".
        - The parts around a single comma are swapped: "Kim, Anna" is read as "Anna
          Kim".
        - Initials are written alike and come first: "Müller AM" is read as "A. M.
          Müller". "Minsu KIM" is kept.

        A name never becomes empty.
    handle_missing : {"error", "empty"}, default="error"
        How to handle missing names (None, NaN, NaT, pd.NA). "empty" reads them as empty
        names, so that a table with gaps keeps all its rows.
    transliterate : bool, "unknown" or "both", default="unknown"
        Which characters to transliterate to ASCII with anyascii ("ü" to "u", "王" to
        "Wang"): "unknown" transliterates characters that are not in the alphabet, True
        transliterates all, and False none. "both" works like "unknown", and also
        appends a transliteration to each name that has non-Latin letters ("иван
        ivan"); if the alphabet lacks one of these letters, only the transliteration is
        read. Use "both" if people of many nationalities are written in one script. With
        "both", words in foreign names of several words are replaced by their most
        frequent Latin form, for 138,000 spellings of words ("莱万多夫斯基" becomes
        "lewandowski"). Letters without a transliteration are kept; combining marks and
        format characters without a transliteration are dropped. Use True if the names
        in `fit` have diacritics and later names do not.
    lowercase : bool, default=True
        Whether to lower-case names. Set it to False if case is informative and
        reliable.
    alphabet : str or None, default=None
        Characters that have codes, in the order of their codes. The space always comes
        first, whether `alphabet` contains it or not. With None, `fit` learns the
        alphabet, in the order of code points.
    min_frequency : int or "auto", default="auto"
        Minimum number of occurrences in `fit` for a character to enter a learned
        alphabet. With "unknown" and "both", rarer characters are transliterated, and
        ASCII characters always enter. Otherwise, rarer characters get the unknown code.
        "auto" is 5 with "unknown" and "both", and 1 otherwise.
    max_length : int or None, default=64
        Number of columns. Longer names are cut without a warning. Padding costs no time
        in training. None uses the length of the longest name in `fit`. Then `fit` warns
        if this length is more than 20 times the 99th percentile, and `transform` warns
        of longer names.

    Attributes
    ----------
    alphabet_ : str
        The characters that have codes, beginning with the space; the code of
        ``alphabet_[i]`` is ``i + 1``.
    unknown_code_ : int
        The code of all other characters, ``len(alphabet_) + 1``.
    max_length_ : int
        Number of columns of the output.
    tidy_ : bool
        Whether names are tidied, as set by `tidy` or chosen by `fit`.

    See Also
    --------
    NameNationalityClassifier : Predict nationalities from codes.
    spelling_groups : Group names that differ only in spelling, for cross-validation.

    Examples
    --------
    >>> from sknames import CharEncoder
    >>> encoder = CharEncoder(max_length=6).fit(["Ana", "Müller"])
    >>> encoder.alphabet_
    ' aelmnru'
    >>> encoder.transform(["Anna", "Lea!"])
    array([[2, 6, 6, 2, 0, 0],
           [4, 3, 2, 9, 0, 0]], dtype=uint8)
    """

    __module__ = "sknames"
    _fitted = "alphabet_"

    alphabet_: str
    unknown_code_: int
    max_length_: int
    tidy_: bool

    _parameter_constraints = {
        "clean": ["boolean"],
        "tidy": ["boolean", StrOptions({"auto"})],
        "handle_missing": [StrOptions({"error", "empty"})],
        "transliterate": ["boolean", StrOptions({"unknown", "both"})],
        "lowercase": ["boolean"],
        "alphabet": [str, None],
        "min_frequency": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        clean: bool = True,
        tidy: bool | Literal["auto"] = "auto",
        handle_missing: Literal["error", "empty"] = "error",
        transliterate: bool | Literal["unknown", "both"] = "unknown",
        lowercase: bool = True,
        alphabet: str | None = None,
        min_frequency: int | Literal["auto"] = "auto",
        max_length: int | None = 64,
    ) -> None:
        self.clean = clean
        self.tidy = tidy
        self.handle_missing = handle_missing
        self.transliterate = transliterate
        self.lowercase = lowercase
        self.alphabet = alphabet
        self.min_frequency = min_frequency
        self.max_length = max_length

    def _fit(self, X):
        """Fit the encoder, and return the names, since X may be a generator."""
        self._validate_params()
        names = Names(read_names(X, self.handle_missing))
        alphabet = self.alphabet
        if alphabet is not None:
            self._check_alphabet()
        if self.tidy == "auto":
            self.tidy_ = not are_titled(names.clean)
        else:
            self.tidy_ = bool(self.tidy)
        names.rules = self._rules  # before they are tidied
        spelt = self._spelt(names.tidy, alphabet)
        if alphabet is None:
            alphabet = self._frequent(spelt)
            if self.transliterate in READ_RARE:
                # Rare characters are transliterated, and their ASCII letters count.
                spelt = self._spelt(names.tidy, alphabet)
                alphabet = "".join(sorted({*alphabet, *self._frequent(spelt)}))
        self.alphabet_ = SPACE + alphabet.replace(SPACE, "")
        self.unknown_code_ = len(self.alphabet_) + 1
        max_length = self.max_length
        if max_length is None:
            max_length = self._longest([len(name) for name in spelt])
        self.max_length_ = int(max_length)
        return names

    def _longest(self, lengths):
        """Return the length of the longest name, and warn if it is an outlier."""
        longest = max(lengths)
        # method="lower": in a short list, the longest name would raise the percentile.
        usual = max(MIN_USUAL, int(np.percentile(lengths, 99, method="lower")))
        if longest > TOO_MANY * usual:
            warn(
                f"The name at position {lengths.index(longest)} has {longest:,} "
                f"characters, but 99 % of the names have at most {usual}. All rows get "
                "as many columns as the longest name, which makes training slow. "
                f"Correct the name, or set max_length={2 * usual}.",
            )
        return max(longest, 1)

    def _frequent(self, spelt):
        """Return the characters that are frequent enough for a learned alphabet."""
        reads_rare = self.transliterate in READ_RARE
        minimum = self.min_frequency
        if minimum == "auto":
            minimum = RARE if reads_rare else 1
        counts = Counter(chain.from_iterable(spelt))
        frequent = []
        for character, count in sorted(counts.items()):
            if count < minimum and not (reads_rare and character.isascii()):
                continue
            # Skip control characters and lone surrogates.
            if unicodedata.category(character) in ("Cs", "Cc"):
                continue
            # Skip marks without a transliteration, such as the dot that remains of a
            # lower-cased Turkish İ.
            if reads_rare and not transliterate(character):
                continue
            frequent.append(character)
        return "".join(frequent)

    @classmethod
    def from_alphabet(cls, alphabet: str, max_length: int, /, **params: Any) -> Self:
        """Create a fitted encoder from a stored alphabet.

        Parameters
        ----------
        alphabet : str
            Value of `alphabet_`. This does not set the parameter `alphabet`: a later
            `fit` follows the parameters.
        max_length : int
            Value of `max_length_`.
        **params
            Parameters of the constructor.

        Returns
        -------
        CharEncoder
            The fitted encoder.
        """
        self = cls(**params)
        self._validate_params()
        # int, because the metadata of ONNX files is JSON, which has no numpy integers.
        self.alphabet_ = alphabet
        self.max_length_ = int(max_length)
        self.tidy_ = bool(self.tidy)
        self.unknown_code_ = len(str(alphabet)) + 1
        self._check_fitted()
        return self

    def _encode(self, names):
        """Return the codes of names, (n, max_length_)."""
        return self._codes(names.read_by(self._rules).tidy)

    @property
    def _rules(self):
        """The rules by which the encoder reads names."""
        return ReadingRules(self.clean, self.tidy_, self._knows_letter)

    def _as_output(self, codes):
        """Return codes, (n, max_length_), in the container chosen by `set_output`."""
        return wrap_output("transform", codes, codes, self)

    def _codes(self, names):
        """Return the codes of tidy names, unsigned, (n, max_length_)."""
        table = self._code_by_point()
        codes = np.zeros((len(names), self.max_length_), dtype=table.dtype)
        n_cut = 0
        for start in range(0, len(names), CHUNK_NAMES):
            chunk = slice(start, start + CHUNK_NAMES)
            spelt = self._spelt(names[chunk], self.alphabet_)
            lengths = np.array([len(name) for name in spelt])
            n_cut += int((lengths > self.max_length_).sum())
            points = code_points("".join(name[: self.max_length_] for name in spelt))
            width = min(int(lengths.max()), self.max_length_)
            is_filled = np.arange(width) < lengths[:, None]
            codes[chunk, :width][is_filled] = table.take(points, mode="clip")
        if n_cut and self.max_length is None:
            warn(
                f"{n_cut} of {len(names)} names are longer than the longest name of "
                f"fit and were cut to its {self.max_length_} characters. Set "
                "max_length to choose the length.",
            )
        return codes

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.object_]:
        """Decode rows of codes.

        Parameters
        ----------
        X : array-like of shape (n_names, n_columns)
            Codes; 0 is skipped.

        Returns
        -------
        ndarray of shape (n_names,) of str objects
            Names in their encoded form (transliterated, lower-cased). The unknown code
            is decoded as U+FFFD.

        Raises
        ------
        ValueError
            If a value is not a code.
        """
        check_is_fitted(self)
        codes = check_array(X)
        wrong = (codes < 0) | (codes > self.unknown_code_) | (codes != np.rint(codes))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"Expected codes from 0 to {self.unknown_code_}, got "
                f"{codes[row, column]} in row {row}, column {column}. Pass the result "
                "of transform."
            )
        characters = np.array(["", *self.alphabet_, REPLACEMENT], dtype=object)
        return characters[codes.astype(np.intp)].sum(axis=1)

    @property
    def _n_features_out(self):
        return self.max_length_

    def _check_alphabet(self):
        """Raise ValueError for repeated characters, and warn of unreachable ones."""
        alphabet = self.alphabet
        repeated = sorted(c for c, n in Counter(alphabet).items() if n > 1)
        if not alphabet or repeated:
            raise ValueError(
                "alphabet must hold at least one character and none twice; "
                f"got {alphabet!r} with {repeated} repeated."
            )
        unreachable = "".join(c for c in alphabet if not self._is_reachable(c))
        if unreachable:
            warn(
                f"The characters {unreachable!r} of alphabet never occur after "
                "folding. Set lowercase=False, transliterate=False or clean=False to "
                "keep them, and give them in NFC.",
            )

    def _is_reachable(self, character):
        """Return whether a character of `alphabet` can occur in an encoded name."""
        return (
            unicodedata.normalize("NFC", character) == character
            and self._speller(self.alphabet)[ord(character)] == character
            and (not self.clean or plain(character) == character)
        )

    def _knows_letter(self, letter):
        """Return whether the encoded form of a letter has a letter of the alphabet.

        With ``transliterate="both"``, a non-Latin letter counts as known only if the
        alphabet has letters of its script: for other scripts, such as Cherokee, the
        transliteration is not informative.
        """
        alphabet = self.alphabet_
        if self.transliterate == "both" and is_other_script(letter):
            is_large = unicodedata.name(letter, "").startswith(LARGE_SCRIPTS)
            block = ord(letter) // BLOCK
            return is_large or any(ord(c) // BLOCK == block for c in alphabet)
        spelt = self._speller(alphabet)[ord(letter)]
        return any(c.isalpha() and c in alphabet for c in spelt)

    def _speller(self, alphabet):
        """Return the translation of each code point, see `_make_speller`."""
        return _make_speller(alphabet, self.transliterate, self.lowercase)

    def _sources(self, name, speller):
        """Return (character, source index) for all characters of a name to encode."""
        written = [(character, k) for k, character in enumerate(name)]
        others = {c for c in name if is_other_script(c)}
        if self.transliterate != "both" or not others:
            return written
        latin = []
        for text, k in in_latin(name):
            latin += [(character, k) for character in text]
        if any(speller[ord(c)].isascii() for c in others):
            # Part of a name such as 习近平 would be another name, so read only Latin.
            return latin
        return [*written, (SPACE, len(name)), *latin]

    def _spell(self, name):
        """Return (encoded character, source character, source index) of a tidy name."""
        speller = self._speller(self.alphabet_)
        sources = name + SPACE  # the space before the transliteration
        spelt = []
        for character, k in self._sources(name, speller):
            for read in speller[ord(character)]:
                spelt.append((read, sources[k], k))
        return spelt[: self.max_length_]

    def _spelt(self, names, alphabet):
        """Transliterate and lower-case tidy names.

        `alphabet` has the known characters, which are not transliterated with
        "unknown" and "both". With None, all characters are known.
        """
        speller = self._speller(alphabet)
        lower = str.lower if self.lowercase else str
        spelt = []
        for name in names:
            if name.isascii():
                spelt.append(lower(name))  # a shortcut with the same result
            else:
                sources = self._sources(name, speller)
                text = "".join([character for character, _ in sources])
                spelt.append(text.translate(speller))
        return spelt

    def _code_by_point(self):
        """Return an array of codes, indexed by code point.

        The last entry is the unknown code, which all larger code points get.
        """
        points = code_points(self.alphabet_)
        dtype = np.min_scalar_type(self.unknown_code_)
        table = np.full(int(points.max(initial=0)) + 2, self.unknown_code_, dtype=dtype)
        table[points] = np.arange(1, len(points) + 1)
        return table

    def __getstate__(self):
        return stamped(super().__getstate__())

    def __setstate__(self, state):
        super().__setstate__(unstamped(state))
        if hasattr(self, "alphabet_"):
            self._check_fitted()

    def _check_fitted(self):
        """Raise ValueError if the fitted attributes contradict each other."""
        alphabet = self.alphabet_
        length = getattr(self, "max_length_", None)
        code = getattr(self, "unknown_code_", None)
        is_whole = (
            isinstance(alphabet, str)
            and alphabet.startswith(SPACE)
            and code == len(alphabet) + 1 == len(set(alphabet)) + 1
            and isinstance(length, int)
            and length > 0
        )
        if not is_whole:
            raise ValueError(
                "Expected an alphabet_ of distinct characters, the space first, and a "
                f"positive int as max_length_; got {alphabet!r:.80} and {length!r}. If "
                "they come from a file, the file is damaged or was changed: save the "
                "model again."
            )


@lru_cache
def _make_speller(alphabet, transliterates, lowercase):
    """Return a Translation that transliterates and lower-cases characters.

    If `alphabet` is None, all characters count as known.
    """

    def lower(text):
        if not lowercase:
            return text
        return "".join([c.lower() for c in text])

    def spell_rare(character):
        spelt = ""
        for c in lower(character):
            is_known = alphabet is None or c in alphabet
            spelt += c if is_known else lower(transliterate(c))
        return spelt

    def spell(character):
        if transliterates:
            character = transliterate(character)
        return lower(character)

    return Translation(spell_rare if transliterates in READ_RARE else spell)
