"""Read the CSV files in this folder, and sample from them."""

import csv
from bisect import bisect
from itertools import accumulate
from pathlib import Path


def read_table(name):
    """Return the rows of a file, a dict each."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def draw(weights, rng):
    """Draw a key of a dict of weights, as ``rng.choice`` does in ten times the time."""
    sums = [*accumulate(weights.values())]
    return [*weights][bisect(sums, rng.random_sample() * sums[-1])]
