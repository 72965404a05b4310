"""How the model that ships with the package is trained."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from .._char_encoder import CharEncoder
from .._name_nationality_classifier import NameNationalityClassifier
from .._spelling import fold
from ..datasets import fetch_biographies, load_names, make_names

SEED = 0
# How many names of a nationality. The biographies say nothing of how frequent nationalities are,
# so none may have many more names than another; made names fill up.
MAX_BIOGRAPHIES = 8_000
MIN_FULL_NAMES = 6_000
MIN_MADE_NAMES = 1_000
N_NATIVE_NAMES = 1_500
# Nationalities with fewer biographies than this have theirs among those of others.
RARE = 300
# Share of the full names that are learned with the last word first, too.
LAST_WORD_FIRST = 0.25

ENCODER = {"max_length": 64}
CLASSIFIER = {
    "separator": 1,  # the space, the first character of the alphabet
    "min_df": 20,
    "hidden_size": 192,
    "dropout": 0.4,
    "ngram_dropout": 0.65,
    "next_symbol_weight": 0.3,
    "logit_adjustment": 1.0,
    "lr": 0.003,
    "batch_size": 512,
    "max_epochs": 6,
    "random_state": SEED,
}


def make_pipeline(**params):
    """The pipeline before training, with other parameters of the classifier where given."""
    encoder, classifier = CharEncoder(**ENCODER), NameNationalityClassifier(**CLASSIFIER | params)
    return Pipeline([("encode", encoder), ("classify", classifier)])


def training_names(wheel=None, *, lists_only=False):
    """The names that the model learns.

    1. All names of `load_names`, those in native scripts too.
    2. Names of `fetch_biographies`, at most 8,000 of a nationality.
    3. Full names made of 1: of each nationality 1,000, or as many as bring it to 6,000 with those
       of the biographies, and 1,500 in a native script. Where common_names.csv has the most common
       names of a nationality, they are about as common as there, and other names equally likely.
    4. A quarter of 2 and 3 once more, with the last word first.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Of name2nat, as in `fetch_biographies`.
    lists_only : bool, default=False
        Whether to do without the biographies.

    Returns
    -------
    names, nationalities : ndarray of shape (n_names,), dtype=object
    """
    rng = check_random_state(SEED)
    lists, native = load_names(script="all"), set(load_names(script="native").target_names)
    biographies = {} if lists_only else _biographies(wheel, lists)
    common = _common_names()
    full, labels = [], []
    for nationality in lists.target_names:
        names = np.array(biographies.get(nationality, []), dtype=object)
        names = rng.permutation(names)[:MAX_BIOGRAPHIES]
        n_made = max(MIN_FULL_NAMES - len(names), MIN_MADE_NAMES)
        if (nationality, "given") in common:
            given, surnames = (
                _draw(lists, nationality, part, *common[nationality, part], n_made, rng)
                for part in ("given", "surname")
            )
            made = given + " " + surnames
        else:
            made, _ = make_names(n_made, nationalities=[nationality], random_state=rng)
        full += [*names, *made]
        if nationality in native:
            made, _ = make_names(
                N_NATIVE_NAMES, nationalities=[nationality], script="native", random_state=rng
            )
            full += [*made]
        labels += [nationality] * (len(full) - len(labels))
    full, labels = np.array(full, dtype=object), np.array(labels, dtype=object)
    turned = rng.random_sample(len(full)) < LAST_WORD_FIRST
    turned &= [" " in name for name in full]
    return (
        np.concatenate([lists.data, full, [_turn(name) for name in full[turned]]]),
        np.concatenate([lists.target, labels, labels[turned]]),
    )


def _common_names():
    """{(nationality, part): (share of its people who bear one of the names, names)}.

    The most frequent name comes first. The shares are rough, and set down by hand, as the names.
    """
    with (Path(__file__).parent / "common_names.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["nationality"], row["part"]): (
                float(row["share"]),
                [name.replace("_", " ") for name in row["names"].split()],
            )
            for row in csv.DictReader(file)
        }


def _draw(lists, nationality, part, share, common, n, rng):
    """Draw n given names or surnames: with probability `share` a common one, else any."""
    rows = (lists.target == nationality) & (lists.script == "Latin")
    rows &= (lists.part == part) | (lists.part == "both")
    by_rank = 1 / (4 + np.arange(len(common)))
    frequent = rng.choice(np.array(common, dtype=object), n, p=by_rank / by_rank.sum())
    return np.where(rng.random_sample(n) < share, frequent, rng.choice(lists.data[rows], n))


def _turn(name):
    *others, last = name.split()
    return " ".join([last, *others])


def _biographies(wheel, lists):
    """The names of each nationality that tell it.

    Nationalities that the biographies hardly know are in them as others: Kári Árnason is English.
    What has such a nationality's surname, and by our lists no other one's, is left out.
    """
    names, nationalities = fetch_biographies(wheel, return_X_y=True)
    counts = Counter(nationalities)
    rare = {nationality for nationality in lists.target_names if counts[nationality] < RARE}
    bearers = defaultdict(set)
    for name, nationality, part in zip(lists.data, lists.target, lists.part, strict=True):
        if part != "given":
            bearers[fold(name)].add(nationality)
    found = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_surname = bearers.get(fold(name).split()[-1], set())
        if nationality in by_surname or not by_surname or not by_surname <= rare:
            found[nationality].append(name)
    return found
