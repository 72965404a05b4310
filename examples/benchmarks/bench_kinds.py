"""Compare the default settings with LinearSVC on several kinds of names and labels.

It also counts the texts that are not accepted as names. Run
``SKNAMES_DATA=folder python examples/benchmarks/bench_kinds.py``. It prints two tables
of results/accuracy.md in five minutes. The folder must contain the tutorial's names,
name2nat's wheel, Scid's Debian package and wikilabels13.tsv.gz: lines of name, tab and
label, for the people in WikiLabels.tar.gz of github.com/appeler/ethnicolr. ``--kinds``
selects some of the data sets, or none with ``--kinds=``. Optional files in the folder
are kinds.tsv (lines of text, tab and "person" or "company", from
datamade/probablepeople), Debian's ieee-data_*.deb and the wheel of schwifty.

Each draw holds out names in all their spellings. Standard errors are over the draws or,
if there is only one, over its names.
"""

import argparse
import csv
import gzip
import io
import json
import os
import sys
import time
import unicodedata
import warnings
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from sknames import spelling_groups
from sknames._text.names import Names
from sknames.datasets import load_names
from tools.measuring import LINEAR, clean_names, differences, machine, ours, table
from tools.retrain.biographies import clean_title, read_biographies
from tools.retrain.chess_players import read_chess_players
from tools.retrain.sources import open_package

REGIONS = {
    "Western Europe": "Danish Dutch English Finnish French German Greek Icelandic "
    "Irish Italian Norwegian Portuguese Scottish Spanish Swedish",
    "Eastern Europe": "Albanian Bulgarian Croatian Czech Estonian Hungarian Latvian "
    "Lithuanian Macedonian Polish Romanian Russian Serbian Slovak Slovenian Ukrainian",
    "Africa and Middle East": "Arabic Armenian Azerbaijani Ethiopian Georgian Ghanaian "
    "Hebrew Kenyan Nigerian Persian Turkish Zulu",
}
REGION_OF = {
    name: region for region, names in REGIONS.items() for name in names.split()
}
nationalities = partial(load_names, return_X_y=True)


def regions():
    names, labels = nationalities()
    return names, np.array([REGION_OF.get(label, "Asia") for label in labels])


def cyrillic_and_arabic():
    names, labels = load_names(script="native", return_X_y=True)
    scripts = [unicodedata.name(name[0]).partition(" ")[0] for name in names]
    kept = np.isin(scripts, ["CYRILLIC", "ARABIC"])
    return names[kept], labels[kept]


def ethnicities():
    path = Path(os.environ.get("SKNAMES_DATA", ""), "wikilabels13.tsv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names, labels = zip(
            *(line.rstrip("\n").split("\t") for line in file), strict=True
        )
    return np.array(names, dtype=object), np.array(labels)


# title, names and labels, names to train on, draws
KINDS = {
    "few": ("Few surnames, 18 languages", clean_names, 500, 6),
    "few-57": ("Few names, 57 nationalities", nationalities, 1_000, 4),
    "scripts": ("Names in Cyrillic or Arabic letters", cyrillic_and_arabic, 8_000, 4),
    "words": ("Names of one word, 57 nationalities", nationalities, 10_000, 1),
    "regions": ("The same names, 4 regions", regions, 10_000, 1),
    "ethnicities": ("Full names, 13 ethnicities", ethnicities, 10_000, 1),
    "biographies": ("Full names, 63 nationalities", read_biographies, 10_000, 1),
}
N_TEST = 10_000


def measure(names, labels, n_train, draw):
    """Return hits, macro-F1 and CPU seconds of LinearSVC and of the default."""
    groups = spelling_groups(names)
    random = np.random.default_rng(draw)
    held_out = random.permutation(len(names))[: min(N_TEST, len(names) // 5)]
    is_test = np.isin(groups, groups[held_out])
    train = random.permutation(np.flatnonzero(~is_test))[:n_train]
    test = np.flatnonzero(is_test)
    found = []
    for model in (clone(LINEAR["svm"][1]), ours(random_state=draw)):
        start = time.process_time()
        predicted = model.fit(names[train], labels[train]).predict(names[test])
        seconds = time.process_time() - start
        f1 = f1_score(labels[test], predicted, average="macro", zero_division=0)
        found.append((predicted == labels[test], f1, seconds))
    return found


def row(key):
    title, read, n_train, draws = KINDS[key]
    names, labels = read()
    found = [measure(names, labels.astype(str), n_train, draw) for draw in range(draws)]
    right = [np.concatenate([both[m][0] for both in found]) for m in (0, 1)]
    folds = np.repeat(np.arange(draws), [len(both[0][0]) for both in found])
    others = np.array([[one[1:] for one in both] for both in found])  # draws, models, 2
    f1, seconds = others.mean(axis=0).T
    cells = [f"{x.mean():.4f}" for x in right] + [
        differences(right[1], right[0], folds)
    ]
    cells += [f"{f1[1] - f1[0]:+.4f}", *(f"{x:.1f}" for x in seconds)]
    cells = [title, f"{n_train:,}", draws, *cells]
    print(*cells, sep=" | ", file=sys.stderr, flush=True)
    return cells


def authors(n_authors=40_000):
    """Return made-up authors: nationality, surname and initials, from biographies."""
    random = np.random.default_rng(0)
    names = {}
    for name, nationality in zip(*read_biographies(), strict=True):
        if len(words := name.split()) > 1:
            names.setdefault(nationality, []).append(words)
    made = []
    for nationality, people in names.items():
        for row in random.integers(len(people), size=(n_authors // len(names) + 1, 3)):
            words, second, other = (people[i] for i in row)
            surname = " ".join([words[-1], second[-1]][: 1 + (random.random() < 0.25)])
            initials = "".join(
                word[0] for word in words[:-1] + other if word[0].isupper()
            )
            made.append((nationality, surname, initials[: 2 + (random.random() < 0.3)]))
    return made


def read_kinds(kind):
    path = Path(os.environ["SKNAMES_DATA"], "kinds.tsv")
    rows = [
        line.rpartition("\t") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [text for text, _, of_kind in rows if of_kind == kind]


def network_devices():
    """Return the manufacturers of network devices in IEEE's list."""
    (path,) = Path(os.environ["SKNAMES_DATA"]).glob("ieee-data_*.deb")
    with open_package(path) as archive:
        files = [
            archive.extractfile(m)
            for m in archive
            if m.isfile() and m.name.endswith(".csv")
        ]
        rows = [
            row for f in files for row in csv.DictReader(io.TextIOWrapper(f, "utf-8"))
        ]
    return {row["Organization Name"] for row in rows} - {"", "Private"}


def banks():
    (path,) = Path(os.environ["SKNAMES_DATA"]).glob("schwifty-*.whl")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "bank_registry/" in name]
        files = [
            json.loads(archive.read(name)) for name in names if name.endswith(".json")
        ]
    lists = [file["entries"] if "entries" in file else file for file in files]
    return {row["name"] for rows in lists for row in rows} - {""}


def texts():
    """Return lists of texts by their titles."""
    hand = Path(__file__).with_name("organizations.txt").read_text(encoding="utf-8")
    found = {"Organizations in many languages, by hand": hand.splitlines()}
    for title, read in {
        "Companies of `kinds.tsv`, which chose the rules": partial(
            read_kinds, "company"
        ),
        "People of `kinds.tsv`, some of them couples": partial(read_kinds, "person"),
        "Makers of network devices (IEEE), held out": network_devices,
        "Banks (schwifty), held out": banks,
    }.items():
        try:
            found[title] = read()
        except (OSError, ValueError) as error:
            print(f"left out: {title}: {error}", file=sys.stderr)
    found["People of Wikipedia (name2nat)"] = [
        *filter(clean_title, {*read_biographies(raw=True)[0]})
    ]
    found["Chess players (Scid), surname first"] = {*read_chess_players(raw=True)[0]}
    made = authors()
    ends = ("{} {}", "{}, {}", "{} {}.", "{}, {}.")
    for end in ends:
        found[
            f"Authors: `{end.format('Smith', '.'.join('AB') if '.' in end else 'AB')}`"
        ] = [
            end.format(surname, ".".join(initials) if "." in end else initials)
            for _, surname, initials in made
        ]
    return found


def judge():
    rows = []
    for title, some in texts().items():
        some = [*some]
        n = Counter(Names(some).reasons)
        counts = [n["organization"], n["several names"]]
        others = len(some) - n[""] - sum(counts)
        cells = [f"{k:,} ({k / len(some):.2g})" for k in [*counts, others]]
        rows.append([title, f"{len(some):,}", *cells])
    return table(["", "texts", "organizations", "several names", "other reasons"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    args = parser.parse_args()
    header = ["", "names", "draws", "LinearSVC", "default", "difference", "macro-F1"]
    header += ["LinearSVC, CPU s", "default, CPU s"]
    with threadpool_limits(1), warnings.catch_warnings():
        # Test names may be longer than all training names.
        warnings.simplefilter("ignore", UserWarning)
        rows = [row(key) for key in filter(None, args.kinds.split(","))]
    print(f"{machine()}; one thread\n\n{table(header, rows)}\n\n{judge()}")


if __name__ == "__main__":
    main()
