"""Read the CSV files in this folder, fold names, and draw from weighted choices."""

import csv
from bisect import bisect
from itertools import accumulate
from pathlib import Path

from anyascii import anyascii


def read_table(name):
    """Return the rows of a file as dicts."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fold(name):
    """Transliterate a name to lower-case ASCII."""
    return anyascii(name).lower()


def draw(weights, rng):
    """Draw a key of a dict of weights, ten times as fast as ``rng.choice``."""
    sums = [*accumulate(weights.values())]
    return [*weights][bisect(sums, rng.random_sample() * sums[-1])]
