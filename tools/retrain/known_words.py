"""Count the words of names that are in a model's table of words, for the model card."""

import numpy as np

from sknames._models.stack import resolve
from sknames._text.names import Names

BATCH = 8192  # names; limits the memory for their codes


def count_known_words(model, names):
    """Return how many words of each name have an entry in the model's table of words.

    Parameters
    ----------
    model : Pipeline
        A CharEncoder and a NameNationalityClassifier with words.
    names : list of str

    Returns
    -------
    ndarray of shape (n_names,), dtype=int
        Initials do not count. A text that is not a name has 0 known words.
    """
    stack = resolve(model)
    read = Names(names).read_by(stack.rules)
    n_known = np.zeros(len(names), dtype=np.intp)
    for start in range(0, len(names), BATCH):
        rows = slice(start, start + BATCH)
        n_known[rows] = _count(stack, [*map(without_initials, read.tidy[rows])])
    return np.where(read.reasons == "", n_known, 0)


def _count(stack, names):
    """Return how many words of each tidied name have an entry, (n_names,)."""
    network = stack.network
    codes = network.to_codes(stack.encoder._codes(names))
    rows, last, _ = network.words.find(codes, network.separator)
    # The encoder may append the name in Latin script, so that a word occurs twice. The
    # word is known if either form has an entry.
    n_words = np.array([max(1, len(name.split())) for name in names])
    n_separators = (codes == network.separator).cumsum(axis=1)
    word = n_separators[rows, last] % n_words[rows]
    known = np.unique(np.column_stack([rows, word]), axis=0)
    return np.bincount(known[:, 0], minlength=len(names))


def without_initials(name):
    """Return a tidied name without its initials, such as "A.M."."""
    return " ".join(word for word in name.split() if not _are_initials(word))


def _are_initials(word):
    """Return whether a word consists of single letters with dots."""
    letters = word.replace("-", "").split(".")
    are_single = all(len(letter) <= 1 for letter in letters)
    return "." in word and are_single and "".join(letters).isalpha()
